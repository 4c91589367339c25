import { Writer } from "../../base/mod.ts";
import { resolve, type ResolvedType } from "../resolve.ts";
import type { Definitions, Method, Type } from "../schema.ts";
import { writeMapHeader } from "./header.ts";
import { writeNumber } from "./number.ts";
import { writeText } from "./text.ts";

export type ObjectType = Extract<ResolvedType, { kind: "object" }>;

/** The bytes of a string that is known when the code is made. */
export function textBytes(text: string): number[] {
  const writer = new Writer(16);
  writer.length = writeText(writer, 0, text);
  return [...writer.written()];
}

/** The bytes of a number that is known when the code is made. */
export function numberBytes(value: number): number[] {
  const writer = new Writer(16);
  writer.length = writeNumber(writer.bytes, writer.view, 0, value);
  return [...writer.written()];
}

/** The bytes of a map's header. */
export function mapHeaderBytes(count: number): number[] {
  const bytes = new Uint8Array(8);
  return [...bytes.subarray(0, writeMapHeader(bytes, 0, count))];
}

/**
 * The names of an object's properties in the order in which they are written: those of one literal first, so that a
 * receiver finds out at once which member of a union it is, then as declared.
 */
export function wireOrder(type: ObjectType, definitions: Definitions): string[] {
  const names = Object.keys(type.properties);
  const isTag = (name: string): boolean => {
    const property = type.properties[name]!;
    return !property.optional && resolve(property.type, definitions).kind === "literal";
  };
  return [...names.filter(isTag), ...names.filter((name) => !isTag(name))];
}

/** Elements by position: a tuple, or the arguments of a method. */
export interface ListShape {
  /** What an element is called in messages. */
  unit: "element" | "argument";
  items: readonly ListItem[];
  rest?: Type;
}

/** One element of a list. */
export interface ListItem {
  type: Type;
  optional?: true;
  /** Holds nil, whatever the value: the items of a stream travel in frames of their own. */
  stream?: true;
}

/** The arguments of a method as a list. */
export function argumentList(method: Method): ListShape {
  const items = method.params.filter((param) => !param.rest);
  const rest = method.params.find((param) => param.rest);
  return { unit: "argument", items, ...(rest === undefined ? {} : { rest: rest.type }) };
}

/** How many of a list's elements must be there. */
export function requiredCount(list: ListShape): number {
  let count = list.items.length;
  while (count > 0 && isOptional(list.items[count - 1]!)) count--;
  return count;
}

function isOptional(item: ListItem): boolean {
  return item.optional === true || item.stream === true;
}
