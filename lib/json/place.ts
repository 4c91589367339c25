import { CellError, didYouMean } from "../base/mod.ts";
import { type Definitions, resolve, type Type, unionPlan } from "../schema/mod.ts";
import { jsonOfText } from "./text.ts";

/** How an element of a list is named. */
const INDEX = /^\d{1,6}$/;

/** Makes the value at the end of a path, from its type and from what an earlier word put there. */
export type Leaf = (type: Type, existing: unknown) => unknown;

/**
 * Puts a value at the end of a path such as `address.city` or `lines.0.sku` into JSON of `type`, making what lies on the
 * way. Returns the JSON with it. Throws INVALID_ARGUMENT where the type has no such place.
 */
export function place(
  existing: unknown,
  type: Type,
  path: readonly string[],
  leaf: Leaf,
  definitions: Definitions,
  shown = "",
): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return leaf(type, existing);
  const inner = innerType(type, name, existing, definitions);
  const here = shown === "" ? name : `${shown}.${name}`;
  if (inner === undefined) throw noSuchPlace(type, name, shown, definitions);
  const container = existing ?? (isList(type, definitions) && INDEX.test(name) ? [] : Object.create(null));
  if (typeof container !== "object" || container instanceof Uint8Array) {
    throw new CellError("INVALID_ARGUMENT", `${shown} is given as a value and, with ${here}, in parts`);
  }
  const parts = container as Record<string, unknown>;
  const before = Object.hasOwn(parts, name) ? parts[name] : undefined;
  parts[name] = place(before, inner, rest, leaf, definitions, here);
  return parts;
}

/** The names that may follow a value of this type; undefined when any may. */
export function namesWithin(type: Type, definitions: Definitions): string[] | undefined {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "unknown") return undefined;
  const { map, objects } = unionPlan(resolved, definitions);
  if (map?.kind === "map") return undefined;
  if (map?.kind === "object") return map.index === undefined ? Object.keys(map.properties) : undefined;
  return [...new Set((objects?.members ?? []).flatMap((member) => Object.keys(member.type.properties)))];
}

/** Whether a value of this type has names in it that a user can give one by one. */
export function isObjectLike(type: Type, definitions: Definitions): boolean {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "unknown") return false;
  const { map, objects } = unionPlan(resolved, definitions);
  return map !== undefined || objects !== undefined;
}

/** The type of the part called `name`; undefined when there is none. */
export function innerType(type: Type, name: string, existing: unknown, definitions: Definitions): Type | undefined {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "unknown") return resolved;
  const { list, map, objects } = unionPlan(resolved, definitions);
  if (list !== undefined && INDEX.test(name)) {
    return list.kind === "tuple" ? (list.items[Number(name)]?.type ?? list.rest) : list.items;
  }
  if (map?.kind === "map") return isKey(name, map.key, definitions) ? map.value : undefined;
  if (map?.kind === "object") return propertyType(map, name);
  if (objects === undefined) return undefined;
  if (name === objects.property) {
    const literals = objects.members.flatMap((member) => member.values);
    return { kind: "union", members: literals.map((value) => ({ kind: "literal", value })) };
  }
  const chosen = (existing as Record<string, unknown> | undefined)?.[objects.property];
  const members = objects.members.filter((member) => member.values.some((value) => value === chosen));
  const candidates = members.length > 0 ? members : objects.members;
  return candidates.map((member) => propertyType(member.type, name)).find((found) => found !== undefined);
}

/** Whether text can stand for a key of this type. */
function isKey(name: string, type: Type, definitions: Definitions): boolean {
  if (typeof jsonOfText(name, type, definitions) !== "string" || resolve(type, definitions).kind === "unknown") {
    return true;
  }
  const plan = unionPlan(type, definitions);
  if (plan.string !== undefined || plan.strings.includes(name)) return true;
  // What is converted from text is looked at when it is converted.
  return plan.date !== undefined || plan.bytes !== undefined || (plan.bigint !== undefined && /^-?\d+$/.test(name));
}

function propertyType(
  object: { properties: { [name: string]: { type: Type } }; index?: Type },
  name: string,
): Type | undefined {
  return Object.hasOwn(object.properties, name) ? object.properties[name]?.type : object.index;
}

function isList(type: Type, definitions: Definitions): boolean {
  const resolved = resolve(type, definitions);
  return resolved.kind !== "unknown" && unionPlan(resolved, definitions).list !== undefined;
}

function noSuchPlace(type: Type, name: string, shown: string, definitions: Definitions): CellError {
  const where = shown === "" ? "the argument" : shown;
  if (isList(type, definitions)) {
    return new CellError("INVALID_ARGUMENT", `${where} is a list: expected a number after it, found "${name}"`);
  }
  const names = namesWithin(type, definitions) ?? [];
  if (names.length === 0) return new CellError("INVALID_ARGUMENT", `${where} has no parts, found "${name}" after it`);
  const near = didYouMean(name, names) || ` It has ${names.slice(0, 10).join(", ")}.`;
  return new CellError("INVALID_ARGUMENT", `${where} has no "${name}".${near}`);
}
