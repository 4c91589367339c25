import type ts from "typescript";
import type { Type } from "../schema.ts";
import { inside, type Place, type ReadContext } from "./context.ts";
import { convertType } from "./convert.ts";
import { argument, type Written } from "./written.ts";

/** Converts a type of the library that crosses the wire; undefined for one that does not. */
export function convertBuiltin(
  context: ReadContext,
  name: string,
  type: ts.Type,
  place: Place,
  written: Written,
): Type | undefined {
  const parameters = context.checker.getTypeArguments(type as ts.TypeReference);
  const part = (index: number, step: string): Type =>
    convertType(context, parameters[index]!, inside(place, step), argument(context, written, index));
  switch (name) {
    case "Date":
      return { kind: "date" };
    case "Uint8Array":
    case "Buffer":
      return { kind: "bytes" };
    case "Set":
    case "ReadonlySet":
      return { kind: "set", items: part(0, "[]") };
    case "Map":
    case "ReadonlyMap": {
      const key = part(0, "[key]");
      context.unionChecks.mapKey(key, inside(place, "[key]"));
      return { kind: "map", key, value: part(1, "[value]") };
    }
    // What `new String()` gives; nobody means it.
    case "String":
      return { kind: "string" };
    case "Number":
      return { kind: "number" };
    case "Boolean":
      return { kind: "boolean" };
    default:
      return undefined;
  }
}

/** The library's types that people try to send, and what to write instead. */
const INSTEAD: { [name: string]: string } = {
  Promise: "await it, and write the type of its value",
  PromiseLike: "await it, and write the type of its value",
  AsyncGenerator: "a stream can only be a whole result or a whole parameter",
  AsyncIterable: "a stream can only be a whole result or a whole parameter",
  AsyncIterableIterator: "a stream can only be a whole result or a whole parameter",
  AsyncIterator: "a stream can only be a whole result or a whole parameter",
  AsyncIteratorObject: "a stream can only be a whole result or a whole parameter",
  ReadableStream: "a stream can only be a whole result or a whole parameter",
  Generator: "write an array, or make the stream the whole result",
  Iterable: "write an array, or AsyncIterable for a stream",
  Iterator: "write an array, or AsyncIterable for a stream",
  IterableIterator: "write an array, or AsyncIterable for a stream",
  IteratorObject: "write an array, or AsyncIterable for a stream",
  ArrayLike: "write an array",
  WeakMap: "write a Map",
  WeakSet: "write a Set",
  WeakRef: "write the type of what it refers to",
  RegExp: "send its source as a string",
  Error: "throw it to fail the call, or send its message as a string",
  Function: "send data; to be told of what happens, return an AsyncIterable",
  CallableFunction: "send data; to be told of what happens, return an AsyncIterable",
  Symbol: "use a string, or a union of string literals",
  Object: "write an interface, or Record<string, unknown>",
  BigInt: "write bigint",
  URL: "send its href as a string",
  URLSearchParams: "send it as a string, or as Record<string, string>",
  Headers: "write Record<string, string>",
  Request: "send what is needed of it, such as its url and its bytes",
  Response: "send what is needed of it, such as its status and its bytes",
  Blob: "write Uint8Array",
  File: "write Uint8Array, and its name as a string",
  FormData: "write an interface with its fields",
  ArrayBuffer: "write Uint8Array",
  SharedArrayBuffer: "write Uint8Array",
  DataView: "write Uint8Array",
  ArrayBufferView: "write Uint8Array",
  AbortSignal: 'a caller cancels the call itself: see context().signal of "cell"',
  WritableStream: "return an AsyncIterable instead",
  Timer: "send how long is left as a number",
  Timeout: "send how long is left as a number",
};

/** Whether a type of the library is refused although all of it is data: an error's stack is nobody else's business. */
export function isRefused(name: string): boolean {
  return Object.hasOwn(INSTEAD, name) || /Error$/.test(name);
}

/** The hint for a type of the library that cannot cross the wire. */
export function hintFor(name: string): string {
  if (/^(Int8|Uint8Clamped|Int16|Uint16|Int32|Uint32|Float16|Float32|Float64)Array$/.test(name)) {
    return "write number[], or Uint8Array for its bytes";
  }
  if (/^Big(Int|Uint)64Array$/.test(name)) return "write bigint[], or Uint8Array for its bytes";
  if (/Error$/.test(name)) return INSTEAD["Error"]!;
  return Object.hasOwn(INSTEAD, name) ? INSTEAD[name]! : "write an interface with the data that is needed of it";
}
