import { type Definitions, resolve, type Type, unionPlan } from "../schema/mod.ts";
import { parseJson } from "./parse_json.ts";

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The JSON value that `text` stands for where a `type` is expected and nobody wrote quotes. Text stays text wherever a
 * string fits. Where none fits, the type says what it is: a number, true, false, null, or JSON in brackets; a list also
 * takes its single element. What fits nowhere stays text, for the codec to refuse.
 */
export function jsonOfText(text: string, type: Type, definitions: Definitions): unknown {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "unknown") return text;
  const plan = unionPlan(resolved, definitions);
  if (plan.string !== undefined || plan.strings.includes(text)) return text;
  if ((plan.admitsNull || plan.admitsUndefined) && text === "null") return null;
  if ((text === "true" || text === "false") && plan.booleans.includes(text === "true")) return text === "true";
  if ((plan.number !== undefined || plan.numbers.length > 0) && JSON_NUMBER.test(text)) return Number(text);
  const isBracketed = (plan.map !== undefined || plan.objects !== undefined) && text.startsWith("{");
  if (isBracketed || text.startsWith("[")) return parsedOr(text);
  if (plan.list !== undefined && !acceptsText(plan)) return [jsonOfText(text, elementType(plan.list), definitions)];
  return text;
}

/** Whether text can be converted to a member: `tags=2026-01-01` of `Date | Date[]` is one date. */
function acceptsText(plan: ReturnType<typeof unionPlan>): boolean {
  return plan.date !== undefined || plan.bytes !== undefined || plan.bigint !== undefined || plan.bigints.length > 0;
}

function elementType(list: NonNullable<ReturnType<typeof unionPlan>["list"]>): Type {
  if (list.kind !== "tuple") return list.items;
  return list.items[0]?.type ?? list.rest ?? { kind: "unknown" };
}

function parsedOr(text: string): unknown {
  try {
    return parseJson(text, "");
  } catch {
    return text;
  }
}

/**
 * The JSON value of an argument that stands alone: JSON where it parses and fits, text where only a string fits. So `3`
 * is a number for a number and text for a string.
 */
export function jsonOfWord(word: string, type: Type, definitions: Definitions): unknown {
  const resolved = resolve(type, definitions);
  const parsed = parsedOr(word);
  if (parsed === word || typeof parsed === "string" || resolved.kind === "unknown") {
    return parsed === word ? jsonOfText(word, type, definitions) : parsed;
  }
  const plan = unionPlan(resolved, definitions);
  const wantsText = plan.string !== undefined || plan.strings.includes(word);
  return wantsText && !fits(parsed, plan) ? word : parsed;
}

function fits(json: unknown, plan: ReturnType<typeof unionPlan>): boolean {
  if (json === null) return plan.admitsNull || plan.admitsUndefined;
  if (typeof json === "boolean") return plan.booleans.length > 0;
  if (Array.isArray(json)) return plan.list !== undefined || plan.map?.kind === "map";
  if (typeof json === "object") return plan.map !== undefined || plan.objects !== undefined;
  return plan.number !== undefined || plan.numbers.length > 0 || plan.bigint !== undefined || plan.bigints.length > 0;
}
