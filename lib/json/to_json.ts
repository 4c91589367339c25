import { type Definitions, resolve, type ResolvedType, type Type, unionPlan } from "../schema/mod.ts";

/** What `JSON.stringify` writes for a value of `type`; nothing that JSON lacks is left in it. */
export function toJson(value: unknown, type: Type, definitions: Definitions): unknown {
  return write(value, resolve(type, definitions), definitions);
}

function write(value: unknown, type: ResolvedType, definitions: Definitions): unknown {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "number":
      return writeNumber(value);
    case "bigint":
      return String(value);
    case "object":
      return writeObject(value, memberOf(value, type, definitions), definitions);
    default:
      return value;
  }
}

/** NaN and the infinities as strings; minus zero keeps its sign. */
function writeNumber(value: number): unknown {
  if (!Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? rawJson("-0") : value;
}

function writeObject(value: object, type: ResolvedType, definitions: Definitions): unknown {
  const inner = (item: unknown, itemType: Type | undefined): unknown =>
    write(item, itemType === undefined ? { kind: "unknown" } : resolve(itemType, definitions), definitions);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return value.toBase64();
  if (value instanceof Map) {
    const keyType = type.kind === "map" ? type.key : undefined;
    const valueType = type.kind === "map" ? type.value : undefined;
    const pairs = [...value].map(([key, item]) => [inner(key, keyType), inner(item, valueType)] as const);
    const hasTextKeys = keyType === undefined
      ? [...value.keys()].every((key) => typeof key === "string")
      : isText(keyType, definitions);
    return hasTextKeys ? objectOf(pairs as [string, unknown][]) : pairs;
  }
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].map((item, index) => inner(item, itemTypeOf(type, index)));
  }
  const written: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) {
    if (item !== undefined) written.push([name, inner(item, propertyTypeOf(type, name))]);
  }
  return objectOf(written);
}

/** The member of a union that an object belongs to; the type itself when it is none. */
function memberOf(value: object, type: ResolvedType, definitions: Definitions): ResolvedType {
  if (type.kind !== "union") return type;
  const plan = unionPlan(type, definitions);
  if (Array.isArray(value) || value instanceof Set) return plan.list ?? { kind: "unknown" };
  if (plan.objects === undefined) return plan.map ?? { kind: "unknown" };
  const { property, members } = plan.objects;
  const literal = (value as Record<string, unknown>)[property];
  return members.find(({ values }) => values.some((candidate) => candidate === literal))?.type ?? { kind: "unknown" };
}

function itemTypeOf(type: ResolvedType, index: number): Type | undefined {
  if (type.kind === "tuple") return type.items[index]?.type ?? type.rest;
  return type.kind === "array" || type.kind === "set" ? type.items : undefined;
}

function propertyTypeOf(type: ResolvedType, name: string): Type | undefined {
  if (type.kind !== "object") return undefined;
  return Object.hasOwn(type.properties, name) ? type.properties[name]?.type : type.index;
}

/** Whether every value of the type is a string. */
function isText(type: Type, definitions: Definitions): boolean {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "union") return resolved.members.every((member) => isText(member, definitions));
  return resolved.kind === "string" || (resolved.kind === "literal" && typeof resolved.value === "string");
}

/** An object that keeps `__proto__` as a key. */
function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** Text that `JSON.stringify` copies as it is. */
function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
