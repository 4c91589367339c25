import { CellError } from "../../base/mod.ts";
import { compilePattern, type Pattern } from "../pattern/mod.ts";
import { admits, resolve, type ResolvedType, unionMembers } from "../resolve.ts";
import type { Definitions, Type } from "../schema.ts";
import { typeText } from "../type_text.ts";
import { type UnionPlan, unionPlan } from "../union.ts";
import type { Direction } from "./direction.ts";
import { isExact, isSame, isWithin, numericType, type Range, rangeOf, showRange } from "./range.ts";

/** One difference between two versions of a service. */
export interface Change {
  /** Where, such as `greet.args[0].age`. */
  path: string;
  /** Whether callers of the old version can go on calling the new one. */
  compatible: boolean;
  /** What differs and why it does or does not matter. */
  message: string;
}

/** Where the types of both sides are defined, and which way values go. */
export interface Sides {
  sender: Definitions;
  receiver: Definitions;
  direction: Direction;
}

/** Elements by position. */
export interface ElementList {
  items: readonly { type: Type; optional?: true }[];
  rest?: Type;
}

/** Pairs of types that one comparison looks at. Two cycles of types can meet in as many pairs as their product. */
const PAIRS_MAX = 100_000;
/** Members of unions that one comparison looks at. */
const MEMBERS_MAX = 16_000_000;
/** A character of a literal that is matched with a pattern costs as much as this many members. */
const PATTERN_CHARACTER_COST = 16;
/** Changes that one comparison lists: their number could grow likewise, and nobody reads more. */
const CHANGES_MAX = 1000;
/** Members of a union that a message names. */
const SHOWN_MEMBERS_MAX = 5;

type Kind<K extends ResolvedType["kind"]> = Extract<ResolvedType, { kind: K }>;

/** Two types that are to be compared: as they are written, for messages, and what they are. */
interface Pair extends Sides {
  sent: Type;
  from: ResolvedType;
  expected: Type;
  to: ResolvedType;
  path: string;
}

/**
 * Finds where values of one type are no values of another. "Is a value of" is TypeScript's assignability as far as it
 * survives the wire: what the sender's encoder writes must be what the receiver's decoder reads as the same value.
 *
 * Types are graphs with cycles, so the answer is coinductive: a pair that is being looked at is taken for granted when
 * it is met again (Amadio and Cardelli 1993). No pair is ever tried and given up, because the plan of a union names the
 * one member that can take a value. So each pair is looked at once, and its differences are told where it is met first,
 * which is where it is nearest to the method.
 */
export class Comparison {
  private readonly changes: Change[] = [];
  private readonly met = new Map<Direction, Map<Type, Set<Type>>>();
  private readonly queue: Pair[] = [];
  private readonly patterns = new Map<string, Pattern>();
  private membersLeft = MEMBERS_MAX;

  report(path: string, compatible: boolean, message: string): void {
    if (this.changes.length < CHANGES_MAX || (!compatible && this.changes.every((change) => change.compatible))) {
      this.changes.push({ path, compatible, message });
    }
  }

  /** All changes. Types are looked at one after the other, not inside one another: how deep they are costs no stack. */
  finish(): Change[] {
    for (let index = 0; index < this.queue.length; index++) this.comparePair(this.queue[index]!);
    return this.changes;
  }

  /** Has two types compared. */
  compare(sent: Type, expected: Type, path: string, sides: Sides): void {
    const { sender, receiver, direction } = sides;
    const from = resolve(sent, sender);
    const to = resolve(expected, receiver);
    const metFrom = getOrAdd(this.met, direction, () => new Map<Type, Set<Type>>());
    const metTo = getOrAdd(metFrom, from, () => new Set<Type>());
    if (metTo.has(to)) return;
    metTo.add(to);
    if (this.queue.length === PAIRS_MAX) throw tooMany();
    this.queue.push({ sent, from, expected, to, path, sender, receiver, direction });
  }

  private charge(members: number): void {
    this.membersLeft -= members;
    if (this.membersLeft < 0) throw tooMany();
  }

  private comparePair(pair: Pair): void {
    const { from, to } = pair;
    if (to.kind === "unknown") {
      if (from.kind !== "unknown") this.fits(pair);
    } else if (from.kind === "union" || to.kind === "union") this.compareUnions(pair);
    else this.compareTypes(pair);
  }

  private differs(pair: Pair): void {
    this.report(pair.path, false, pair.direction.differs(sentText(pair), expectedText(pair)));
  }

  private fits(pair: Pair): void {
    this.report(pair.path, true, pair.direction.fits(sentText(pair), expectedText(pair)));
  }

  private compareUnions(pair: Pair): void {
    const { path, direction } = pair;
    const plan = unionPlan(pair.to, pair.receiver);
    const sent = unionMembers(pair.from, pair.sender);
    const known = new Set<unknown>([...plan.strings, ...plan.numbers, ...plan.bigints.map(BigInt)]);
    const objects = plan.objects?.members.length ?? 0;
    this.charge(sent.length + known.size + objects * (objects + sent.filter(({ kind }) => kind === "object").length));
    const refused = sent.filter((member) => !this.compareMember(member, plan, known, pair));
    if (refused.length > 0) {
      this.report(path, false, direction.exceeds(membersText(refused, pair.sender), expectedText(pair)));
    }
    const isCovered = coverage(sent);
    const further = unionMembers(pair.to, pair.receiver).filter((member) =>
      member.kind === "object" && plan.objects !== undefined
        ? !isSent(plan.objects, member, sent, pair.sender)
        : !isCovered(member)
    );
    if (further.length > 0) this.report(path, true, direction.further(membersText(further, pair.receiver)));
  }

  /** Has a member compared with the one that takes its values; false if there is none. `known` are the plan's literals. */
  private compareMember(from: ResolvedType, plan: UnionPlan, known: ReadonlySet<unknown>, pair: Pair): boolean {
    switch (from.kind) {
      case "null":
        return plan.admitsNull;
      case "undefined":
        return plan.admitsUndefined;
      case "boolean":
        return plan.booleans.length === 2;
      case "date":
        return plan.date !== undefined;
      case "literal":
        if (typeof from.value === "boolean") return plan.booleans.includes(from.value);
        if (typeof from.value === "number") {
          return known.has(from.value) || this.compareWith(from, plan.number, pair);
        }
        return known.has(from.value) || this.compareWith(from, plan.string, pair);
      case "bigintLiteral":
        return known.has(BigInt(from.value)) || this.compareWith(from, plan.bigint, pair);
      case "number":
      case "integer":
        return this.compareWith(from, plan.number, pair);
      case "bigint":
        return this.compareWith(from, plan.bigint, pair);
      case "string":
        return this.compareWith(from, plan.string, pair);
      case "bytes":
        return this.compareWith(from, plan.bytes, pair);
      case "array":
      case "set":
      case "tuple":
        return this.compareWith(from, plan.list, pair);
      case "map":
        return this.compareWith(from, plan.map, pair);
      case "object":
        if (plan.objects !== undefined) return this.compareWithObjects(from, plan.objects, pair);
        return this.compareWith(from, plan.map, pair);
      default:
        return false;
    }
  }

  private compareWith(from: ResolvedType, to: ResolvedType | undefined, pair: Pair): boolean {
    if (to === undefined) return false;
    if (from.kind === "literal" || from.kind === "bigintLiteral") return this.isLiteralOf(from, to);
    this.compare(from, to, pair.path, pair);
    return true;
  }

  /** The receiver chooses by its discriminating property, so the sender's type has to have literals there. */
  private compareWithObjects(from: Kind<"object">, objects: NonNullable<UnionPlan["objects"]>, pair: Pair): boolean {
    const { property: name, members } = objects;
    const property = Object.hasOwn(from.properties, name) ? from.properties[name] : undefined;
    if (property === undefined || property.optional) return false;
    const literals = literalMembers(property.type, pair.sender);
    const taking = literals.map((literal) =>
      members.find(({ values }) => literal.kind === "literal" && values.includes(literal.value))
    );
    if (taking.includes(undefined)) {
      const refused = literals.filter((_, index) => taking[index] === undefined);
      const known = members.flatMap(({ values }) => values).map((value): ResolvedType => ({ kind: "literal", value }));
      const message = pair.direction.exceeds(membersText(refused, pair.sender), membersText(known, pair.receiver));
      this.report(`${pair.path}.${name}`, false, message);
    }
    for (const member of new Set(taking)) {
      if (member !== undefined) this.compareObjects(from, member.type, pair, name);
    }
    return true;
  }

  private compareTypes(pair: Pair): void {
    const { from, to, path } = pair;
    const numericTo = numericType(to);
    if (numericTo !== undefined) {
      const numericFrom = numericType(from);
      if (numericFrom === undefined || !isExact(numericFrom, numericTo)) this.differs(pair);
      else if (!isSame(numericFrom, numericTo)) this.compareRanges(numericFrom, numericTo, "", pair);
      else if (numericFrom.format !== numericTo.format) this.fits(pair);
    } else if (to.kind === "string" && from.kind === "string") this.compareTexts(from, to, pair);
    else if (from.kind === "literal" && (to.kind === "string" || to.kind === "boolean")) {
      if (this.isLiteralOf(from, to)) this.fits(pair);
      else this.differs(pair);
    } else if (to.kind === "literal") {
      if (from.kind !== "literal" || from.value !== to.value) this.differs(pair);
    } else if (to.kind === "array" && from.kind === "tuple") this.compareTupleWithArray(from, to, pair);
    else if (to.kind === "bytes" && from.kind === "bytes") {
      this.compareCounts(rangeOf(from.minLength, from.maxLength), rangeOf(to.minLength, to.maxLength), "bytes", pair);
    } else if ((to.kind === "array" && from.kind === "array") || (to.kind === "set" && from.kind === "set")) {
      this.compareCounts(rangeOf(from.minItems, from.maxItems), rangeOf(to.minItems, to.maxItems), "items", pair);
      this.compare(from.items, to.items, `${path}[]`, pair);
    } else if (to.kind === "map" && from.kind === "map") {
      this.compareCounts(rangeOf(from.minItems, from.maxItems), rangeOf(to.minItems, to.maxItems), "entries", pair);
      this.compare(from.key, to.key, `${path}.keys()`, pair);
      this.compare(from.value, to.value, `${path}.values()`, pair);
    } else if (to.kind === "tuple" && from.kind === "tuple") this.compareLists(from, to, path, pair, "element");
    else if (to.kind === "object" && from.kind === "object") this.compareObjects(from, to, pair);
    else if (to.kind !== from.kind) this.differs(pair);
  }

  /** Whether a literal is a value of a type without parts. */
  private isLiteralOf(literal: Kind<"literal" | "bigintLiteral">, type: ResolvedType): boolean {
    if (literal.kind === type.kind) return literal.value === type.value;
    const numericTo = numericType(type);
    const numericFrom = numericType(literal);
    if (numericFrom !== undefined) {
      return numericTo !== undefined && isExact(numericFrom, numericTo) && isWithin(numericFrom, numericTo);
    }
    const { value } = literal;
    if (typeof value === "boolean") return type.kind === "boolean";
    if (typeof value !== "string" || type.kind !== "string") return false;
    return isWithin({ least: value.length, greatest: value.length }, rangeOf(type.minLength, type.maxLength)) &&
      (type.pattern === undefined || this.matches(type.pattern, value));
  }

  private matches(source: string, text: string): boolean {
    this.charge(PATTERN_CHARACTER_COST * text.length);
    return getOrAdd(this.patterns, source, () => compilePattern(source)).test(text);
  }

  private compareRanges(sent: Range, expected: Range, unit: string, pair: Pair): void {
    const [sentRange, expectedRange] = [showRange(sent, unit), showRange(expected, unit)];
    if (isWithin(sent, expected)) this.report(pair.path, true, pair.direction.fits(sentRange, expectedRange));
    else this.report(pair.path, false, pair.direction.exceeds(sentRange, expectedRange));
  }

  private compareCounts(sent: Range, expected: Range, unit: string, pair: Pair): void {
    if (!isSame(sent, expected)) this.compareRanges(sent, expected, unit, pair);
  }

  private compareTexts(from: Kind<"string">, to: Kind<"string">, pair: Pair): void {
    const sent = rangeOf(from.minLength, from.maxLength);
    this.compareCounts(sent, rangeOf(to.minLength, to.maxLength), "characters", pair);
    if (from.pattern === to.pattern) return;
    const show = (pattern: string | undefined): string =>
      pattern === undefined ? "any string" : `strings that match /${pattern}/`;
    if (to.pattern === undefined) {
      this.report(pair.path, true, pair.direction.fits(show(from.pattern), show(undefined)));
    } else this.report(pair.path, false, pair.direction.exceeds(show(from.pattern), show(to.pattern)));
  }

  private compareTupleWithArray(from: Kind<"tuple">, to: Kind<"array">, pair: Pair): void {
    const required = from.items.filter((item) => !item.optional).length;
    const sent = rangeOf(required, from.rest === undefined ? from.items.length : undefined);
    const expected = rangeOf(to.minItems, to.maxItems);
    if (isWithin(sent, expected)) this.fits(pair);
    else this.compareRanges(sent, expected, "items", pair);
    from.items.forEach((_, index) => this.compare(sentElement(from, index), to.items, `${pair.path}[${index}]`, pair));
    if (from.rest !== undefined) this.compare(from.rest, to.items, `${pair.path}[]`, pair);
  }

  /** Has a value compared with what may be absent, to which undefined is the same as being absent. */
  private compareOptional(sent: Type, expected: { type: Type; optional?: true }, path: string, sides: Sides): void {
    const present = expected.optional ? withoutUndefined(sent, sides.sender) : sent;
    if (present !== undefined) this.compare(present, expected.type, path, sides);
  }

  /** Has two lists compared position by position. */
  compareLists(
    from: ElementList,
    to: ElementList,
    path: string,
    sides: Sides,
    unit: "element" | "argument",
  ): void {
    const { direction } = sides;
    const what = `an ${unit}`;
    const count = Math.max(from.items.length, to.items.length);
    for (let index = 0; index < count; index++) {
      const at = `${path}[${index}]`;
      const expected = to.items[index] ??
        (to.rest === undefined ? undefined : { type: to.rest, optional: true as const });
      const sent = from.items[index] ??
        (from.rest === undefined ? undefined : { type: from.rest, optional: true as const });
      if (expected === undefined) this.report(at, false, direction.unknown(what));
      else if (sent === undefined) {
        if (expected.optional) this.report(at, true, direction.absent(unit));
        else this.report(at, false, direction.missing(what, false));
      } else {
        if (sent.optional && !expected.optional) this.report(at, false, direction.missing(what, true));
        else if (!sent.optional && expected.optional) this.report(at, true, direction.relaxed(what));
        if (index < to.items.length) this.compareOptional(sent.type, expected, at, sides);
        else this.compare(sentElement(from, index), expected.type, at, sides);
      }
    }
    if (from.rest !== undefined && to.rest !== undefined) this.compare(from.rest, to.rest, `${path}[${count}]`, sides);
    else if (from.rest !== undefined) this.report(`${path}[${count}]`, false, direction.unknown(`further ${unit}s`));
    else if (to.rest !== undefined) this.report(`${path}[${count}]`, true, direction.further(`further ${unit}s`));
  }

  private compareObjects(from: Kind<"object">, to: Kind<"object">, pair: Pair, discriminator?: string): void {
    const { direction, path } = pair;
    const names = new Set([...Object.keys(to.properties), ...Object.keys(from.properties)]);
    if (discriminator !== undefined) names.delete(discriminator);
    for (const name of names) {
      const at = `${path}.${name}`;
      const sent = propertyOf(from, name);
      const expected = propertyOf(to, name);
      if (expected === undefined) {
        this.report(at, direction.overlooksProperties, direction.unknown("a property"));
        continue;
      }
      if (sent === undefined) {
        if (expected.optional) this.report(at, true, direction.absent("property"));
        else this.report(at, false, direction.missing("a property", false));
        continue;
      }
      if (sent.optional && !expected.optional) this.report(at, false, direction.missing("a property", true));
      else if (!sent.optional && expected.optional) this.report(at, true, direction.relaxed("a property"));
      this.compareOptional(sent.type, expected, at, pair);
    }
    if (from.index !== undefined && to.index !== undefined) this.compare(from.index, to.index, `${path}[]`, pair);
    else if (from.index !== undefined) {
      this.report(`${path}[]`, direction.overlooksProperties, direction.unknown("properties of any name"));
    } else if (to.index !== undefined) this.report(`${path}[]`, true, direction.further("properties of any name"));
  }
}

/** What stands at a list's position. An optional element that is absent is undefined if others follow it. */
function sentElement(list: ElementList, index: number): Type {
  const item = list.items[index];
  if (item === undefined) return list.rest!;
  const isFollowed = index < list.items.length - 1 || list.rest !== undefined;
  return item.optional && isFollowed ? { kind: "union", members: [item.type, { kind: "undefined" }] } : item.type;
}

/** A type without undefined as a member; undefined if nothing is left. */
function withoutUndefined(type: Type, definitions: Definitions): Type | undefined {
  if (!admits(type, "undefined", definitions)) return type;
  const defined = unionMembers(type, definitions).filter((member) => member.kind !== "undefined");
  return defined.length > 1 ? { kind: "union", members: defined } : defined[0];
}

/** A declared property, or what an index signature says about all others. */
function propertyOf(type: Kind<"object">, name: string): { type: Type; optional?: true } | undefined {
  if (Object.hasOwn(type.properties, name)) return type.properties[name];
  return type.index === undefined ? undefined : { type: type.index, optional: true };
}

function tooMany(): CellError {
  return new CellError("RESOURCE_EXHAUSTED", "the types of the two versions are too many to be compared");
}

/** Tells whether a member of the receiver's union has a counterpart among those that are sent, so is no addition. */
function coverage(sent: readonly ResolvedType[]): (member: ResolvedType) => boolean {
  const kinds = new Set<Type["kind"]>(sent.map(({ kind }) => kind));
  const literals = new Set<unknown>();
  for (const member of sent) {
    if (member.kind === "literal") literals.add(member.value);
    else if (member.kind === "bigintLiteral") literals.add(BigInt(member.value));
  }
  return (member) => {
    if (member.kind === "literal") {
      const general = typeof member.value as "string" | "number" | "boolean";
      return literals.has(member.value) || kinds.has(general) ||
        (typeof member.value === "number" && kinds.has("integer"));
    }
    if (member.kind === "bigintLiteral") return kinds.has("bigint") || literals.has(BigInt(member.value));
    return kinds.has(member.kind) || (member.kind === "number" && kinds.has("integer"));
  };
}

/** Whether objects are sent that the receiver would take for this member. */
function isSent(
  objects: NonNullable<UnionPlan["objects"]>,
  member: Kind<"object">,
  sent: readonly ResolvedType[],
  sender: Definitions,
): boolean {
  const values = objects.members.find(({ type }) => type === member)!.values;
  return sent.some((other) => {
    if (other.kind !== "object" || !Object.hasOwn(other.properties, objects.property)) return false;
    const literals = literalMembers(other.properties[objects.property]!.type, sender);
    return literals.some((literal) => literal.kind === "literal" && values.includes(literal.value));
  });
}

/** The members of a type, with boolean as its two literals. */
function literalMembers(type: Type, definitions: Definitions): ResolvedType[] {
  return unionMembers(type, definitions).flatMap((member): ResolvedType[] =>
    member.kind === "boolean" ? [{ kind: "literal", value: false }, { kind: "literal", value: true }] : [member]
  );
}

function sentText(pair: Pair): string {
  return typeText(pair.sent, pair.sender);
}

function expectedText(pair: Pair): string {
  return typeText(pair.expected, pair.receiver);
}

function membersText(members: readonly ResolvedType[], definitions: Definitions): string {
  const shown = members.slice(0, SHOWN_MEMBERS_MAX).map((member) => typeText(member, definitions));
  return `${shown.join(" | ")}${members.length > SHOWN_MEMBERS_MAX ? " | ..." : ""}`;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
