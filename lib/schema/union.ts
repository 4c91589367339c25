import { CellError } from "../base/mod.ts";
import { admits, resolve, type ResolvedType, unionMembers, unionSize } from "./resolve.ts";
import type { Definitions, Type } from "./schema.ts";
import { typeText } from "./type_text.ts";

/** A value by which an object says which member of a union it is. */
export type LiteralValue = string | number | boolean;

/**
 * How a value of a union is recognised, in JavaScript and on the wire: each member by the category of its first byte,
 * literals inside a category by their value, several objects by a property that has a different literal in each.
 */
export interface UnionPlan {
  admitsNull: boolean;
  admitsUndefined: boolean;
  /** The booleans that are members. */
  booleans: boolean[];
  /** Literals of each category. A general member beside them takes every value that is no literal. */
  numbers: number[];
  number?: Extract<ResolvedType, { kind: "number" | "integer" }>;
  /** Decimal digits. */
  bigints: string[];
  bigint?: Extract<ResolvedType, { kind: "bigint" }>;
  strings: string[];
  string?: Extract<ResolvedType, { kind: "string" }>;
  bytes?: Extract<ResolvedType, { kind: "bytes" }>;
  date?: Extract<ResolvedType, { kind: "date" }>;
  /** The one member that is an array on the wire. */
  list?: Extract<ResolvedType, { kind: "array" | "set" | "tuple" }>;
  /** The one member that is a map on the wire, unless `objects` is set. */
  map?: Extract<ResolvedType, { kind: "map" | "object" }>;
  objects?: DiscriminatedObjects;
}

/** Object types that are told apart by one property. */
export interface DiscriminatedObjects {
  property: string;
  members: { values: LiteralValue[]; type: Extract<ResolvedType, { kind: "object" }> }[];
}

type ObjectType = Extract<ResolvedType, { kind: "object" }>;

/**
 * The plan for a union. Throws INVALID_ARGUMENT when a receiver could not tell two members apart; the message says
 * which and what to write instead. `charge` is told how much is looked at in search of a discriminating property, and
 * may end the search by throwing.
 */
export function unionPlan(type: Type, definitions: Definitions, charge?: (steps: number) => void): UnionPlan {
  const plan: UnionPlan = {
    admitsNull: false,
    admitsUndefined: false,
    booleans: [],
    numbers: [],
    bigints: [],
    strings: [],
  };
  const objects: ObjectType[] = [];
  for (const member of unionMembers(type, definitions)) {
    if (member.kind === "object") objects.push(member);
    else addMember(plan, member, definitions);
  }
  const hasNumber = plan.number !== undefined || plan.numbers.length > 0;
  const hasBigint = plan.bigint !== undefined || plan.bigints.length > 0;
  if (hasNumber && hasBigint) {
    throw indistinct("number and bigint", "other languages write both as integers", "use only one of them");
  }
  if (objects.length > 0 && plan.map !== undefined) {
    throw indistinct(
      `${text(plan.map, definitions)} and ${text(objects[0]!, definitions)}`,
      "both are maps on the wire",
      'wrap each in an object with a property such as kind: "map"',
    );
  }
  if (objects.length === 1) plan.map = objects[0]!;
  else if (objects.length > 1) plan.objects = discriminate(objects, definitions, charge);
  return plan;
}

function addMember(plan: UnionPlan, member: Exclude<ResolvedType, ObjectType>, definitions: Definitions): void {
  switch (member.kind) {
    case "null":
      plan.admitsNull = true;
      return;
    case "undefined":
      plan.admitsUndefined = true;
      return;
    case "boolean":
      plan.booleans = [false, true];
      return;
    case "literal":
      if (typeof member.value === "boolean") plan.booleans.push(member.value);
      else if (typeof member.value === "number") plan.numbers.push(member.value);
      else plan.strings.push(member.value);
      return;
    case "bigintLiteral":
      plan.bigints.push(member.value);
      return;
    case "number":
    case "integer":
      refuseSecond(plan.number, member, "give one type that covers both, such as number", definitions);
      plan.number = member;
      return;
    case "bigint":
      refuseSecond(plan.bigint, member, "give one type that covers both, such as bigint", definitions);
      plan.bigint = member;
      return;
    case "string":
      refuseSecond(plan.string, member, "give one string type that covers both", definitions);
      plan.string = member;
      return;
    case "bytes":
      refuseSecond(plan.bytes, member, "give one Uint8Array type that covers both", definitions);
      plan.bytes = member;
      return;
    case "date":
      plan.date = member;
      return;
    case "array":
    case "set":
    case "tuple":
      refuseSecond(
        plan.list,
        member,
        'both are arrays on the wire; wrap each in an object with a property such as kind: "list"',
        definitions,
      );
      plan.list = member;
      return;
    case "map":
      refuseSecond(
        plan.map,
        member,
        'both are maps on the wire; wrap each in an object with a property such as kind: "map"',
        definitions,
      );
      plan.map = member;
      return;
    case "unknown":
      throw new CellError("INVALID_ARGUMENT", "unknown takes in every other member of a union; write unknown alone");
    case "union":
      throw new CellError("INTERNAL", "unionMembers left a union inside a union");
  }
}

function refuseSecond(
  first: ResolvedType | undefined,
  second: ResolvedType,
  advice: string,
  definitions: Definitions,
): void {
  if (first === undefined) return;
  throw indistinct(
    `${text(first, definitions)} and ${text(second, definitions)}`,
    "they begin alike on the wire",
    advice,
  );
}

function indistinct(members: string, why: string, advice: string): CellError {
  return new CellError("INVALID_ARGUMENT", `a receiver cannot tell ${members} in one union apart: ${why}; ${advice}`);
}

function text(type: Type, definitions: Definitions): string {
  return typeText(type, definitions);
}

/** The first property, in the first member's order, that every member requires and that has different literals in each. */
function discriminate(
  objects: ObjectType[],
  definitions: Definitions,
  charge: (steps: number) => void = () => {},
): DiscriminatedObjects {
  for (const property of Object.keys(objects[0]!.properties)) {
    const members: DiscriminatedObjects["members"] = [];
    const taken = new Set<LiteralValue>();
    for (const type of objects) {
      const values = literalsOf(type, property, definitions, charge);
      if (values === undefined || values.some((value) => taken.has(value))) break;
      for (const value of values) taken.add(value);
      members.push({ values, type });
    }
    if (members.length === objects.length) return { property, members };
  }
  throw indistinct(
    `the ${objects.length} object types ${objects.slice(0, 3).map((type) => text(type, definitions)).join(", ")}${
      objects.length > 3 ? ", ..." : ""
    }`,
    "no property is required in all of them with a different literal type in each",
    'add one, such as kind: "a" to the first and kind: "b" to the second',
  );
}

function literalsOf(
  type: ObjectType,
  name: string,
  definitions: Definitions,
  charge: (steps: number) => void,
): LiteralValue[] | undefined {
  charge(1);
  if (!Object.hasOwn(type.properties, name)) return undefined;
  const property = type.properties[name]!;
  if (property.optional) return undefined;
  const values: LiteralValue[] = [];
  const resolved = resolve(property.type, definitions);
  charge(unionSize(resolved, definitions));
  for (const member of unionMembers(resolved, definitions)) {
    if (member.kind === "boolean") values.push(false, true);
    else if (member.kind === "literal") values.push(member.value);
    else return undefined;
  }
  return values;
}

/** Whether nil is a value of this type, and which JavaScript value it stands for. */
export function nilMeaning(type: Type, definitions: Definitions): "null" | "undefined" | "none" {
  if (admits(type, "null", definitions) || resolve(type, definitions).kind === "unknown") return "null";
  return admits(type, "undefined", definitions) ? "undefined" : "none";
}
