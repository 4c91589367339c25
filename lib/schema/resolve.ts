import { CellError } from "../base/mod.ts";
import { TYPE_DEPTH_MAX } from "./limits.ts";
import type { Definitions, Type } from "./schema.ts";

/** A type that is not a name for another one. */
export type ResolvedType = Exclude<Type, { kind: "ref" }>;

/**
 * What a type is after following its names. Throws INVALID_ARGUMENT when a name is not defined, or when names only
 * lead back to themselves.
 */
export function resolve(type: Type, definitions: Definitions): ResolvedType {
  let current = type;
  let visited: Set<string> | undefined;
  while (current.kind === "ref") {
    const name = current.name;
    if (!Object.hasOwn(definitions, name)) {
      throw new CellError("INVALID_ARGUMENT", `expected the name of a type in "types", found ${JSON.stringify(name)}`);
    }
    visited ??= new Set();
    if (visited.has(name)) {
      throw new CellError("INVALID_ARGUMENT", `the type ${JSON.stringify(name)} is only defined by itself`);
    }
    visited.add(name);
    current = definitions[name]!.type;
  }
  return current;
}

/**
 * The members of a union with names followed, unions inside it opened, repeated literals left out and `true | false`
 * turned into boolean; for any other type its only member. Throws INVALID_ARGUMENT for a union that contains itself.
 */
export function unionMembers(type: Type, definitions: Definitions): ResolvedType[] {
  const members: ResolvedType[] = [];
  const seenPrimitives = new Set<string>();
  const seenTypes = new Set<Type>();
  const enclosing = new Set<Type>();
  const visit = (written: Type): void => {
    const member = resolve(written, definitions);
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
    members.push(member);
  };
  visit(type);
  return withWholeBoolean(members);
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
