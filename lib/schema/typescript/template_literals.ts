import type ts from "typescript";
import type { Type } from "../schema.ts";
import { UNREADABLE } from "./convert.ts";
import type { Place, ReadContext } from "./context.ts";

/** A template literal type such as `user-${number}` is a string with a pattern; so are several in a union. */
export function convertTemplates(context: ReadContext, types: readonly ts.Type[], place: Place): Type {
  const patterns: string[] = [];
  for (const type of types) {
    const pattern = patternOf(context, type);
    if (pattern === undefined) {
      const text = context.checker.typeToString(type);
      context.problems.add(place, `${text} has no regular expression`, "write string with a @pattern");
      return UNREADABLE;
    }
    patterns.push(pattern);
  }
  return { kind: "string", pattern: patterns.length === 1 ? `^${patterns[0]}$` : `^(?:${patterns.join("|")})$` };
}

function patternOf(context: ReadContext, type: ts.Type): string | undefined {
  const { TypeFlags } = context.compiler;
  if (type.flags & TypeFlags.String) return "[^]*";
  if (type.flags & TypeFlags.Number) return "-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?";
  if (type.flags & TypeFlags.BigInt) return "-?\\d+";
  if (type.flags & TypeFlags.Boolean) return "(?:true|false)";
  if (type.isStringLiteral()) return escaped(type.value);
  if (type.isUnion()) {
    const parts = type.types.map((member) => patternOf(context, member));
    return parts.includes(undefined) ? undefined : `(?:${parts.join("|")})`;
  }
  if ((type.flags & TypeFlags.TemplateLiteral) === 0) return undefined;
  const { texts, types } = type as ts.TemplateLiteralType;
  const parts = types.map((part) => patternOf(context, part));
  if (parts.includes(undefined)) return undefined;
  return texts.map((text, index) => escaped(text) + (parts[index] ?? "")).join("");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
