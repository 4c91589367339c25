import type { Type } from "../schema.ts";

/** The JSDoc tags that say what a type's constraints are, as the reader understands them. */
export function constraintTags(type: Type): string[] {
  // A tag of a union is for the member that it fits, in both directions.
  if (type.kind === "union") return [...new Set(type.members.flatMap(constraintTags))];
  const tags: string[] = [];
  const add = (name: string, value: number | string | undefined): void => {
    if (value !== undefined) tags.push(`@${name} ${value}`);
  };
  if (type.kind === "number" || type.kind === "integer" || type.kind === "bigint") {
    add("minimum", type.minimum);
    add("maximum", type.maximum);
  }
  if (type.kind === "string" || type.kind === "bytes") {
    add("minLength", type.minLength);
    add("maxLength", type.maxLength);
  }
  if (type.kind === "string") add("pattern", type.pattern && onOneLine(type.pattern));
  if (type.kind === "array" || type.kind === "set" || type.kind === "map") {
    add("minItems", type.minItems);
    add("maxItems", type.maxItems);
  }
  return tags;
}

/** Line ends and other control characters as they are written in a regular expression. */
function onOneLine(pattern: string): string {
  return pattern.replace(/[\p{Cc}\u2028\u2029]/gu, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * A JSDoc comment of these lines, each line indented, with a line end after it; nothing for no lines. Text from a
 * schema can neither end it nor command the terminal that shows it.
 */
export function comment(lines: readonly string[], indent: string): string {
  const safe = lines.flatMap((line) => line.split(/\r\n|[\n\r\u2028\u2029]/)).map((line) =>
    line.replace(/[^\P{Cc}\t]/gu, "").replaceAll("*/", "*\\/").trimEnd()
  );
  if (safe.every((line) => line === "")) return "";
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`;
  return `${indent}/**\n${safe.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("")}${indent} */\n`;
}

/** The lines of a description with the constraints of what it describes. */
export function documentation(doc: string | undefined, type?: Type): string[] {
  return [...(doc === undefined || doc === "" ? [] : [doc]), ...(type === undefined ? [] : constraintTags(type))];
}
