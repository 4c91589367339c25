import { finishSchema } from "./fingerprint.ts";
import type { Definitions, Method, Param, Schema, Type } from "./schema.ts";

/** Types in few words, for tests: `object({ id: integer("u32"), "note?": string })`. */
export const string: Type = { kind: "string" };
export const number: Type = { kind: "number" };
export const boolean: Type = { kind: "boolean" };
export const bigint: Type = { kind: "bigint" };
export const bytes: Type = { kind: "bytes" };
export const date: Type = { kind: "date" };
export const unknown: Type = { kind: "unknown" };
export const nothing: Type = { kind: "null" };
export const undefinedType: Type = { kind: "undefined" };

type Of<K extends Type["kind"]> = Extract<Type, { kind: K }>;
type BoundsOf<K extends Type["kind"]> = Omit<Partial<Of<K>>, "kind" | "format" | "items" | "key" | "value">;

export function numberIn(bounds: BoundsOf<"number">): Type {
  return { kind: "number", ...bounds };
}

export function stringOf(bounds: BoundsOf<"string">): Type {
  return { kind: "string", ...bounds };
}

export function integer(format: Of<"integer">["format"], bounds: BoundsOf<"integer"> = {}): Type {
  return { kind: "integer", format, ...bounds };
}

export function literal(value: string | number | boolean): Type {
  return { kind: "literal", value };
}

export function array(items: Type, bounds: BoundsOf<"array"> = {}): Type {
  return { kind: "array", items, ...bounds };
}

export function set(items: Type, bounds: BoundsOf<"set"> = {}): Type {
  return { kind: "set", items, ...bounds };
}

export function map(key: Type, value: Type, bounds: BoundsOf<"map"> = {}): Type {
  return { kind: "map", key, value, ...bounds };
}

/** Elements whose type is wrapped by `optional` may be absent. */
export function tuple(items: (Type | { optional: Type })[], rest?: Type): Type {
  return {
    kind: "tuple",
    items: items.map((item) => "optional" in item ? { type: item.optional, optional: true as const } : { type: item }),
    ...(rest === undefined ? {} : { rest }),
  };
}

export function optional(type: Type): { optional: Type } {
  return { optional: type };
}

/** Names that end with "?" are optional. */
export function object(properties: { [name: string]: Type }, index?: Type): Type {
  const entries = Object.entries(properties).map(([name, type]) =>
    name.endsWith("?") ? [name.slice(0, -1), { type, optional: true }] : [name, { type }]
  );
  return { kind: "object", properties: Object.fromEntries(entries), ...(index === undefined ? {} : { index }) };
}

export function record(value: Type): Type {
  return object({}, value);
}

export function union(...members: Type[]): Type {
  return { kind: "union", members };
}

export function ref(name: string): Type {
  return { kind: "ref", name };
}

export function definitions(types: { [name: string]: Type }): Definitions {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
}

/** A method of positional parameters. */
export function method(
  params: (Type | Omit<Param, "name">)[],
  result: Type = undefinedType,
  more: Partial<Method> = {},
): Omit<Method, "gene"> {
  return {
    params: params.map((param, index) => ({ name: `p${index}`, ...("kind" in param ? { type: param } : param) })),
    result,
    ...more,
  };
}

export function schema(
  methods: { [name: string]: Omit<Method, "gene"> },
  types: { [name: string]: Type } = {},
): Schema {
  return finishSchema({ name: "test", methods, types: definitions(types) });
}
