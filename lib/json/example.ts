import { type Definitions, type Method, resolve, type Type, unionPlan } from "../schema/mod.ts";
import { fieldsParam } from "./arguments.ts";

/** Examples are for one line: beyond this many words the rest is left to the reader. */
const WORDS_MAX = 8;
/** Objects inside objects are written as paths down to here. */
const DEPTH_MAX = 4;

/**
 * Words that call a method, for its help: one for everything that is required, quoted for a shell.
 * `greet({ name }: { name: string })` gives `["name=World"]`.
 */
export function exampleWords(method: Method, definitions: Definitions): string[] {
  const words: string[] = [];
  const fieldsAt = fieldsParam(method, definitions);
  method.params.forEach((param, index) => {
    if (param.stream) words.push("-");
    else if (param.optional || param.rest) return;
    else if (index === fieldsAt) words.push(...wordsOf([], param.type, definitions));
    else words.push(...wordsOf([param.name], param.type, definitions));
  });
  return words.slice(0, WORDS_MAX).map(quoted);
}

/** The assignments that make up a value at `path`. */
function wordsOf(path: readonly string[], type: Type, definitions: Definitions): string[] {
  const resolved = resolve(type, definitions);
  const plan = resolved.kind === "unknown" ? undefined : unionPlan(resolved, definitions);
  const object = plan?.objects?.members[0]?.type ?? plan?.map;
  const isPlain = path.length > 0 && scalarText(path.at(-1)!, type, definitions) !== undefined;
  if (object === undefined || isPlain || path.length >= DEPTH_MAX) {
    return path.length === 0 ? [] : [`${path.join(".")}=${textOf(path.at(-1)!, type, definitions)}`];
  }
  if (object.kind === "map") return path.length === 0 ? ["key=value"] : [`${path.join(".")}.key=value`];
  return Object.entries(object.properties)
    .filter(([, property]) => !property.optional)
    .flatMap(([name, property]) => wordsOf([...path, name], property.type, definitions));
}

function textOf(name: string, type: Type, definitions: Definitions): string {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "unknown") return "anything";
  const { list, map, objects } = unionPlan(resolved, definitions);
  const scalar = scalarText(name, type, definitions);
  if (scalar !== undefined) return scalar;
  if (list !== undefined && list.kind !== "tuple") return scalarText(name, list.items, definitions) ?? "[]";
  return map !== undefined || objects !== undefined ? "{...}" : list !== undefined ? "[...]" : "null";
}

/** An example of what is written without brackets; undefined when the type has none. */
function scalarText(name: string, type: Type, definitions: Definitions): string | undefined {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "unknown") return undefined;
  const plan = unionPlan(resolved, definitions);
  if (plan.strings.length > 0) return plan.strings[0];
  if (plan.string !== undefined) return name === "name" ? "World" : "text";
  if (plan.numbers.length > 0) return String(plan.numbers[0]);
  if (plan.number !== undefined) return String(plan.number.minimum ?? plan.number.maximum ?? 1);
  if (plan.bigints.length > 0) return plan.bigints[0];
  if (plan.bigint !== undefined) return plan.bigint.minimum ?? plan.bigint.maximum ?? "1";
  if (plan.booleans.length > 0) return String(plan.booleans.at(-1));
  if (plan.date !== undefined) return "2026-01-31";
  return plan.bytes === undefined ? undefined : "@file";
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
