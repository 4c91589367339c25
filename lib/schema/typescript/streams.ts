import type ts from "typescript";
import { isFromLibrary, type ReadContext } from "./context.ts";
import { argument, type Written } from "./written.ts";

/** A type whose values arrive one after the other. */
export interface Stream {
  item: ts.Type;
  written: Written;
  /** What a generator returns after its last item, if it returns anything. */
  returned: ts.Type | undefined;
}

/** No chain of types in use is longer; one that refers to itself in error has no end. */
const BASES_DEPTH_MAX = 16;

const ASYNC_STREAMS = new Set([
  "AsyncGenerator",
  "AsyncIterable",
  "AsyncIterableIterator",
  "AsyncIterator",
  "AsyncIteratorObject",
  "ReadableStream",
]);
const SYNC_STREAMS = new Set(["Generator", "Iterable", "IterableIterator", "Iterator", "IteratorObject"]);

/** The stream that a parameter is; undefined for other types. Only asynchronous ones: the caller takes its time. */
export function streamParameter(context: ReadContext, type: ts.Type, written: Written): Stream | undefined {
  return streamOf(context, type, written, (name) => ASYNC_STREAMS.has(name));
}

/** The stream that a result is; undefined for other types. */
export function streamResult(context: ReadContext, type: ts.Type, written: Written): Stream | undefined {
  return streamOf(context, type, written, (name) => ASYNC_STREAMS.has(name) || SYNC_STREAMS.has(name));
}

function streamOf(
  context: ReadContext,
  type: ts.Type,
  written: Written,
  isStream: (name: string) => boolean,
): Stream | undefined {
  const { checker } = context;
  const name = streamName(context, type, isStream);
  const results = name === undefined ? undefined : iteratorResults(context, type);
  if (name === undefined || results === undefined) return undefined;
  const { item, returned } = results;
  const awaited = checker.getAwaitedType(item) ?? item;
  return {
    item: awaited,
    written: awaited === item ? argument(context, written, 0) : undefined,
    returned: returned !== undefined && /Generator$/.test(name) && isSomething(context, returned)
      ? returned
      : undefined,
  };
}

/** The name of the library's stream that a type is or extends, as MapIterator extends IteratorObject. */
function streamName(
  context: ReadContext,
  type: ts.Type,
  isStream: (name: string) => boolean,
  depth = 0,
): string | undefined {
  const { compiler, checker } = context;
  const symbol = type.getSymbol();
  if (symbol === undefined || (type.flags & compiler.TypeFlags.Object) === 0 || depth > BASES_DEPTH_MAX) {
    return undefined;
  }
  if (isFromLibrary(symbol) && isStream(symbol.name)) return symbol.name;
  const target = (type as ts.TypeReference).target ?? type;
  if (!target.isClassOrInterface()) return undefined;
  for (const base of checker.getBaseTypes(target)) {
    const name = streamName(context, base, isStream, depth + 1);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** What `next()` of the type's iterator, or of the type itself, gives. */
function iteratorResults(context: ReadContext, type: ts.Type): { item: ts.Type; returned?: ts.Type } | undefined {
  const { checker } = context;
  const iterator = callResult(context, type, /^__@asyncIterator@/) ?? callResult(context, type, /^__@iterator@/) ??
    type;
  const next = callResult(context, iterator, /^next$/);
  const result = next && checker.getAwaitedType(next);
  if (result === undefined) return undefined;
  let item: ts.Type | undefined;
  let returned: ts.Type | undefined;
  for (const part of result.isUnion() ? result.types : [result]) {
    const value = checker.getPropertyOfType(part, "value");
    if (value === undefined) continue;
    if (part.symbol.name === "IteratorReturnResult") returned = checker.getTypeOfSymbol(value);
    else item ??= checker.getTypeOfSymbol(value);
  }
  return item === undefined ? undefined : { item, ...(returned === undefined ? {} : { returned }) };
}

function callResult({ checker }: ReadContext, type: ts.Type, name: RegExp): ts.Type | undefined {
  const property = checker.getPropertiesOfType(type).find(({ escapedName }) => name.test(String(escapedName)));
  return property && checker.getTypeOfSymbol(property).getCallSignatures()[0]?.getReturnType();
}

function isSomething({ compiler }: ReadContext, type: ts.Type): boolean {
  const { TypeFlags } = compiler;
  return (type.flags & (TypeFlags.Any | TypeFlags.Unknown | TypeFlags.VoidLike | TypeFlags.Never)) === 0;
}
