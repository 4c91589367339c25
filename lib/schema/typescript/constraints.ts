import { BIGINT_RANGES, INTEGER_RANGES } from "../check.ts";
import { PATTERN_LENGTH_MAX } from "../limits.ts";
import { compilePattern } from "../pattern/mod.ts";
import { resolve } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { typeText } from "../type_text.ts";
import { isOwnFile, type Place, type ReadContext } from "./context.ts";
import { CONSTRAINT_TAGS, type ConstraintTag, type Doc, type DocTag } from "./jsdoc.ts";

/** Which types a tag says something about, in the words of an error. */
const FITS: { [Tag in ConstraintTag]: { kinds: Type["kind"][]; text: string } } = {
  minimum: { kinds: ["number", "integer", "bigint"], text: "numbers and bigints" },
  maximum: { kinds: ["number", "integer", "bigint"], text: "numbers and bigints" },
  minLength: { kinds: ["string", "bytes"], text: "strings and Uint8Array" },
  maxLength: { kinds: ["string", "bytes"], text: "strings and Uint8Array" },
  pattern: { kinds: ["string"], text: "strings" },
  minItems: { kinds: ["array", "set", "map"], text: "arrays, sets and maps" },
  maxItems: { kinds: ["array", "set", "map"], text: "arrays, sets and maps" },
};

/** Tags that other tools use, or that a slip of the finger makes, for ours: ignoring them would lose a check. */
const MISTAKEN = new Map<string, ConstraintTag>([
  ["min", "minimum"],
  ["max", "maximum"],
  ...CONSTRAINT_TAGS.map((tag) => [tag.toLowerCase(), tag] as const),
]);

/** A message that is shown at the tag. */
class BadConstraint extends Error {}

/** The type with the constraints of a comment added to it; malformed and misplaced ones become problems. */
export function constrained(context: ReadContext, type: Type, doc: Doc | undefined, place: Place): Type {
  let result = type;
  for (const tag of doc?.tags ?? []) {
    const name = MISTAKEN.get(tag.name.toLowerCase());
    if (name === undefined) continue;
    try {
      if (name !== tag.name) throw new BadConstraint(`there is no @${tag.name}; write @${name}`);
      result = withConstraint(context, result, name, tag.text);
    } catch (error) {
      if (!(error instanceof BadConstraint)) throw error;
      reportAt(context, doc!, tag, place.path, error.message);
    }
  }
  return result;
}

/** Reports constraints where nothing can be constrained. */
export function refuseConstraints(context: ReadContext, doc: Doc | undefined, path: string, where: string): void {
  for (const tag of doc?.tags ?? []) {
    const name = MISTAKEN.get(tag.name.toLowerCase());
    if (name === undefined) continue;
    reportAt(
      context,
      doc!,
      tag,
      path,
      `@${tag.name} has no effect on ${where}; write it at a property or a type alias`,
    );
  }
}

/** A package's comments are written for other tools too: what does not fit there is left out. */
function reportAt(context: ReadContext, doc: Doc, tag: DocTag, path: string, message: string): void {
  if (!isOwnFile(context, doc.file)) return;
  context.problems.addAt(doc.file, tag.offset, tag.name.length + 1, { path, message });
}

/** In a union the constraint is for the members that it fits. */
function withConstraint(context: ReadContext, type: Type, tag: ConstraintTag, text: string): Type {
  const definitions = context.definitions.types;
  const apply = (part: Type): Type | undefined => {
    const target = context.definitions.isComplete(part) ? resolve(part, definitions) : part;
    if (target.kind === "union") {
      const members = target.members.map((member) => [member, apply(member)] as const);
      if (members.every(([, changed]) => changed === undefined)) return undefined;
      return { kind: "union", members: members.map(([member, changed]) => changed ?? member) };
    }
    return FITS[tag].kinds.includes(target.kind) ? narrowed(target, tag, text) : undefined;
  };
  const result = apply(type);
  if (result === undefined) {
    throw new BadConstraint(`@${tag} is for ${FITS[tag].text}, found ${typeText(type, definitions)}`);
  }
  return result;
}

function narrowed(type: Type, tag: ConstraintTag, text: string): Type {
  switch (type.kind) {
    case "number":
    case "integer":
      return checkedNumber({ ...type, ...bound(type, tag, numberOf(tag, text, type.kind === "integer")) });
    case "bigint":
      return checkedBigint({ ...type, ...bigintBound(type, tag, text) });
    case "string":
      if (tag === "pattern") return { ...type, pattern: patternOf(type.pattern, text) };
      return checkedCounts({ ...type, ...bound(type, tag, countOf(tag, text)) });
    default:
      return checkedCounts({ ...type, ...bound(type, tag, countOf(tag, text)) });
  }
}

/** The stricter of the bound that is there, from a type alias, and the new one. */
function bound(type: Type, tag: ConstraintTag, value: number): { [tag: string]: number } {
  const before = (type as { [tag: string]: unknown })[tag];
  if (typeof before !== "number") return { [tag]: value };
  return { [tag]: tag.startsWith("min") ? Math.max(before, value) : Math.min(before, value) };
}

function bigintBound(type: Type & { kind: "bigint" }, tag: ConstraintTag, text: string): { [tag: string]: string } {
  if (!/^-?\d+$/.test(text)) throw new BadConstraint(`@${tag} of a bigint expects a whole number, found "${text}"`);
  const value = BigInt(text);
  const before = BigInt((type as { [tag: string]: unknown })[tag] as string | undefined ?? value);
  const isStricter = tag === "minimum" ? value > before : value < before;
  return { [tag]: String(isStricter ? value : before) };
}

function numberOf(tag: ConstraintTag, text: string, isWhole: boolean): number {
  const value = /^[-+]?(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text.replaceAll("_", "")) : NaN;
  if (!Number.isFinite(value)) throw new BadConstraint(`@${tag} expects a number, found "${text}"`);
  if (isWhole && !Number.isInteger(value)) {
    throw new BadConstraint(`@${tag} of an integer expects a whole number, found "${text}"`);
  }
  return value;
}

function countOf(tag: ConstraintTag, text: string): number {
  const value = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll("_", "")) : NaN;
  if (!Number.isSafeInteger(value)) throw new BadConstraint(`@${tag} expects a whole number from 0, found "${text}"`);
  return value;
}

function patternOf(before: string | undefined, text: string): string {
  if (before !== undefined) throw new BadConstraint("@pattern is given twice: here and by the type; keep one of them");
  if (text === "") throw new BadConstraint("@pattern expects a regular expression, found nothing");
  if (/^\/.+\/[a-z]*$/.test(text)) {
    throw new BadConstraint(`@pattern expects a regular expression without slashes around it, found ${text}`);
  }
  if (text.length > PATTERN_LENGTH_MAX) {
    throw new BadConstraint(`@pattern expects at most ${PATTERN_LENGTH_MAX} characters, found ${text.length}`);
  }
  try {
    new RegExp(text, "u");
  } catch (error) {
    throw new BadConstraint(`@pattern expects a regular expression (flag u): ${(error as Error).message}`);
  }
  try {
    compilePattern(text);
  } catch (error) {
    throw new BadConstraint(`@pattern: ${(error as Error).message}`);
  }
  return text;
}

function checkedNumber(type: Type & { kind: "number" | "integer" }): Type {
  inOrder(type.minimum, type.maximum, "minimum", "maximum");
  if (type.kind === "integer") {
    const [least, greatest] = INTEGER_RANGES[type.format];
    if ((type.minimum ?? least) > greatest || (type.maximum ?? greatest) < least) {
      throw new BadConstraint(`no ${type.format} is within the bounds: it goes from ${least} to ${greatest}`);
    }
  }
  return type;
}

function checkedBigint(type: Type & { kind: "bigint" }): Type {
  const [least, greatest] = BIGINT_RANGES[type.format ?? "any"];
  const minimum = BigInt(type.minimum ?? least);
  const maximum = BigInt(type.maximum ?? greatest);
  inOrder(minimum, maximum, "minimum", "maximum");
  if (minimum > greatest || maximum < least) {
    throw new BadConstraint(`no bigint is within the bounds: it goes from ${least} to ${greatest}`);
  }
  return type;
}

function checkedCounts(type: Type): Type {
  const counts = type as { minLength?: number; maxLength?: number; minItems?: number; maxItems?: number };
  inOrder(counts.minLength, counts.maxLength, "minLength", "maxLength");
  inOrder(counts.minItems, counts.maxItems, "minItems", "maxItems");
  return type;
}

function inOrder<T extends number | bigint>(
  least: T | undefined,
  greatest: T | undefined,
  leastName: string,
  greatestName: string,
): void {
  if (least === undefined || greatest === undefined || least <= greatest) return;
  throw new BadConstraint(`@${leastName} ${least} is greater than @${greatestName} ${greatest}`);
}
