import { CellError } from "../base/mod.ts";
import { NAMES_IN_A_ROW_MAX, TYPE_DEPTH_MAX, UNION_MEMBERS_MAX } from "./limits.ts";
import type { Definitions, Type } from "./schema.ts";

/** A type that is not a name for another one. */
export type ResolvedType = Exclude<Type, { kind: "ref" }>;

/**
 * What a type is after following its names. Throws INVALID_ARGUMENT when a name is not defined, or when names only
 * lead back to themselves.
 */
export function resolve(type: Type, definitions: Definitions): ResolvedType {
  let current = type;
  for (let steps = 0; current.kind === "ref"; steps++) {
    const name = current.name;
    if (!Object.hasOwn(definitions, name)) {
      throw new CellError("INVALID_ARGUMENT", `expected the name of a type in "types", found ${JSON.stringify(name)}`);
    }
    if (steps === NAMES_IN_A_ROW_MAX) {
      const problem = leadsToItself(current, definitions)
        ? "is only defined by itself"
        : `is a name for a name for a name, more than ${NAMES_IN_A_ROW_MAX} times`;
      throw new CellError("INVALID_ARGUMENT", `the type ${JSON.stringify((type as typeof current).name)} ${problem}`);
    }
    current = definitions[name]!.type;
  }
  return current;
}

function leadsToItself(type: Type, definitions: Definitions): boolean {
  const visited = new Set<string>();
  for (let current = type; current.kind === "ref"; current = definitions[current.name]!.type) {
    if (visited.has(current.name)) return true;
    if (!Object.hasOwn(definitions, current.name)) return false;
    visited.add(current.name);
  }
  return false;
}

/** A union as its members, and what of nil is among them. */
interface Expansion {
  members: readonly ResolvedType[];
  /** How many types were looked at to find the members. */
  steps: number;
  admitsNull: boolean;
  admitsUndefined: boolean;
}

/**
 * Documents do not change once they are made, and a large union may be referred to from many places: each is expanded
 * once.
 */
const expansions = new WeakMap<Definitions, WeakMap<Type, Expansion>>();

/**
 * The members of a union with names followed, unions inside it opened, repeated literals left out and `true | false`
 * turned into boolean; for any other type its only member. Throws INVALID_ARGUMENT for a union that contains itself, or
 * has more members than UNION_MEMBERS_MAX.
 */
export function unionMembers(type: Type, definitions: Definitions): readonly ResolvedType[] {
  const resolved = resolve(type, definitions);
  return resolved.kind === "union" ? expansionOf(resolved, definitions).members : [resolved];
}

/** Whether a type is null or undefined, or a union that has it as a member. */
export function admits(type: Type, nothing: "null" | "undefined", definitions: Definitions): boolean {
  const resolved = resolve(type, definitions);
  if (resolved.kind !== "union") return resolved.kind === nothing;
  const { admitsNull, admitsUndefined } = expansionOf(resolved, definitions);
  return nothing === "null" ? admitsNull : admitsUndefined;
}

/** How many types there are to look at in a union; 0 for any other type. */
export function unionSize(type: Type, definitions: Definitions): number {
  return type.kind === "union" ? expansionOf(type, definitions).steps : 0;
}

function expansionOf(union: Type, definitions: Definitions): Expansion {
  let known = expansions.get(definitions);
  if (known === undefined) expansions.set(definitions, known = new WeakMap());
  let expansion = known.get(union);
  if (expansion === undefined) {
    const { members, steps } = expandedMembers(union, definitions);
    const has = (kind: Type["kind"]): boolean => members.some((member) => member.kind === kind);
    known.set(union, expansion = { members, steps, admitsNull: has("null"), admitsUndefined: has("undefined") });
  }
  return expansion;
}

function expandedMembers(type: Type, definitions: Definitions): Pick<Expansion, "members" | "steps"> {
  let steps = 0;
  const members: ResolvedType[] = [];
  const seenPrimitives = new Set<string>();
  const seenTypes = new Set<Type>();
  const enclosing = new Set<Type>();
  const visit = (written: Type): void => {
    const member = resolve(written, definitions);
    steps++;
    if (enclosing.has(member)) throw new CellError("INVALID_ARGUMENT", "a union contains itself");
    if (seenTypes.has(member)) return;
    seenTypes.add(member);
    if (member.kind === "union") {
      if (enclosing.size === TYPE_DEPTH_MAX) {
        throw new CellError("INVALID_ARGUMENT", `unions are nested deeper than ${TYPE_DEPTH_MAX}`);
      }
      enclosing.add(member);
      for (const inner of member.members) visit(inner);
      enclosing.delete(member);
      return;
    }
    const key = primitiveKey(member);
    if (key !== undefined) {
      if (seenPrimitives.has(key)) return;
      seenPrimitives.add(key);
    }
    if (members.length === UNION_MEMBERS_MAX) {
      throw new CellError("INVALID_ARGUMENT", `expected at most ${UNION_MEMBERS_MAX} members in one union`);
    }
    members.push(member);
  };
  visit(type);
  return { members: withWholeBoolean(members), steps };
}

/** The same text for two types without parts exactly if they are the same type; undefined for a type with parts. */
function primitiveKey(type: ResolvedType): string | undefined {
  switch (type.kind) {
    case "array":
    case "set":
    case "map":
    case "tuple":
    case "object":
    case "union":
      return undefined;
    case "literal":
      return `${typeof type.value} ${type.value}`;
    default:
      return JSON.stringify(Object.entries(type).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function withWholeBoolean(members: ResolvedType[]): ResolvedType[] {
  const isBoolean = (member: ResolvedType): boolean =>
    member.kind === "boolean" || (member.kind === "literal" && typeof member.value === "boolean");
  const booleans = members.filter(isBoolean);
  if (booleans.length < 2) return members;
  const at = members.indexOf(booleans[0]!);
  return members.flatMap((member, index): ResolvedType[] =>
    index === at ? [{ kind: "boolean" }] : isBoolean(member) ? [] : [member]
  );
}

/** The types that a type is made of, as they are written. */
export function partsOf(type: Type): Type[] {
  switch (type.kind) {
    case "array":
    case "set":
      return [type.items];
    case "map":
      return [type.key, type.value];
    case "tuple":
      return [...type.items.map((item) => item.type), ...(type.rest === undefined ? [] : [type.rest])];
    case "object":
      return [
        ...Object.values(type.properties).map((property) => property.type),
        ...(type.index === undefined ? [] : [type.index]),
      ];
    case "union":
      return type.members;
    default:
      return [];
  }
}
