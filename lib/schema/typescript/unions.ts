import type ts from "typescript";
import type { Type } from "../schema.ts";
import { inside, type Place, type ReadContext } from "./context.ts";
import { convertType } from "./convert.ts";
import { convertTemplates } from "./template_literals.ts";
import { unionParts, type Written } from "./written.ts";

/**
 * A union from its members. The checker has flattened it, so whole enums and aliases are put together again, from the
 * source where it is known, and `true | false` becomes boolean.
 */
export function convertUnion(context: ReadContext, types: readonly ts.Type[], place: Place, written: Written): Type {
  const { compiler } = context;
  const { TypeFlags } = compiler;
  const at = inside(place, "");
  const left = new Set(types);
  const members: Type[] = [];
  const take = (type: ts.Type, parts: readonly ts.Type[], node?: ts.TypeNode): void => {
    for (const part of parts) left.delete(part);
    const member = convertType(context, type, at, node);
    members.push(...(member.kind === "union" ? member.members : [member]));
  };
  const isTemplate = (type: ts.Type): boolean => (type.flags & TypeFlags.TemplateLiteral) !== 0;
  if ([...left].some(isTemplate)) {
    // To a receiver a string is a string: literals beside a pattern are alternatives of it.
    const strings = [...left].filter((type) => isTemplate(type) || type.isStringLiteral());
    for (const type of strings) left.delete(type);
    members.push(convertTemplates(context, strings, at));
  }
  for (const node of unionParts(context, written)) {
    const type = context.checker.getTypeFromTypeNode(node);
    const parts = partsOf(type);
    if (parts.length > 0 && parts.every((part) => left.has(part))) take(type, parts, node);
  }
  for (const type of left) {
    const whole = wholeEnum(context, type, left);
    // A union that is nothing but an enum is that enum, of which the members are wanted here.
    if (whole !== undefined && partsOf(whole).length < types.length) take(whole, partsOf(whole));
  }
  const booleans = [...left].filter((type) => type.flags & TypeFlags.BooleanLiteral);
  if (booleans.length === 2) {
    for (const type of booleans) left.delete(type);
    members.push({ kind: "boolean" });
  }
  for (const type of left) take(type, [type]);
  const ordered = withoutRepetitions(members);
  if (ordered.length === 1) return ordered[0]!;
  const union: Type = { kind: "union", members: ordered };
  context.unionChecks.union(union, place);
  return union;
}

/** The enum that a literal is a member of, if it has several and all of them are among `types`. */
function wholeEnum(context: ReadContext, type: ts.Type, types: ReadonlySet<ts.Type>): ts.Type | undefined {
  if ((type.flags & context.compiler.TypeFlags.EnumLiteral) === 0) return undefined;
  const whole = context.checker.getBaseTypeOfLiteralType(type);
  const parts = partsOf(whole);
  return parts.length > 1 && parts.every((part) => types.has(part)) ? whole : undefined;
}

function partsOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

/** `null` and `undefined` stand last, as one writes them. */
function withoutRepetitions(members: Type[]): Type[] {
  const unique = [...new Map(members.map((member) => [JSON.stringify(member), member])).values()];
  const isNothing = (member: Type): boolean => member.kind === "null" || member.kind === "undefined";
  return [...unique.filter((member) => !isNothing(member)), ...unique.filter(isNothing)];
}

/** A type without `undefined`, and whether it had it: what makes a property or a parameter optional. */
export function convertOptional(
  context: ReadContext,
  type: ts.Type,
  place: Place,
  written: Written,
): { type: Type; optional: boolean } {
  const { TypeFlags } = context.compiler;
  const isNothing = (part: ts.Type): boolean => (part.flags & TypeFlags.VoidLike) !== 0;
  const present = partsOf(type).filter((part) => !isNothing(part));
  if (present.length === partsOf(type).length) {
    return { type: convertType(context, type, place, written), optional: false };
  }
  if (present.length === 0) return { type: { kind: "undefined" }, optional: true };
  // `name?: Alias`, or `Alias | undefined`: what was written beside undefined may be the whole rest.
  const nodes = unionParts(context, written);
  for (const node of nodes.length > 0 ? nodes : written === undefined ? [] : [written]) {
    const whole = context.checker.getTypeFromTypeNode(node);
    const parts = partsOf(whole);
    if (parts.length === present.length && parts.every((part) => present.includes(part))) {
      return { type: convertType(context, whole, place, node), optional: true };
    }
  }
  const whole = wholeEnum(context, present[0]!, new Set(present));
  if (whole !== undefined && partsOf(whole).length === present.length) {
    return { type: convertType(context, whole, place), optional: true };
  }
  if (present.length === 1) return { type: convertType(context, present[0]!, place), optional: true };
  return { type: convertUnion(context, present, place, written), optional: true };
}
