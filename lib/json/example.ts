import {
  type Definitions,
  type Method,
  type Param,
  randomValue,
  resolve,
  type Type,
  unionPlan,
} from "../schema/mod.ts";
import { fieldsParam } from "./arguments.ts";

/** Examples are for one line: beyond this many words the rest is left to the reader. */
const WORDS_MAX = 16;
/** Objects inside objects are written as paths down to here. */
const DEPTH_MAX = 4;
/** In the middle of whatever the generator chooses from. */
const CHANCE = 0.5;

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
    else words.push(...wordsFor(param, index === fieldsAt, definitions));
  });
  return words.slice(0, WORDS_MAX).map(quoted);
}

/** The fields of a parameter where these can stand alone, else the parts of the parameter by its name. */
function wordsFor(param: Param, byField: boolean, definitions: Definitions): string[] {
  const words = byField ? wordsOf([], param.type, definitions) : [];
  return byField && words.every((word) => /^[A-Za-z_$]/.test(word))
    ? words
    : wordsOf([param.name], param.type, definitions);
}

/** The assignments that make up a value at `path`. */
function wordsOf(path: readonly string[], type: Type, definitions: Definitions): string[] {
  const scalar = path.length === 0 ? undefined : scalarText(path.at(-1)!, type, definitions);
  if (scalar !== undefined) return [`${path.join(".")}=${scalar}`];
  const isInList = path.some((name) => /^\d+$/.test(name));
  const { list, map } = unionPlan(resolve(type, definitions), definitions);
  // One element shows what a list is made of; lists of lists, trees among them, may end there.
  if (list !== undefined && list.kind !== "tuple" && isInList) return [`${path.join(".")}=[]`];
  if (path.length >= DEPTH_MAX) return [`${path.join(".")}=${map === undefined ? "[]" : "{}"}`];
  return partsOf(type, definitions).flatMap(([name, part]) => wordsOf([...path, name], part, definitions));
}

/** The names and types of what has to be given for a value in parts. */
function partsOf(type: Type, definitions: Definitions): [string, Type][] {
  const { list, map, objects } = unionPlan(resolve(type, definitions), definitions);
  const object = objects?.members[0]?.type ?? map;
  if (object?.kind === "map") return [[scalarText("key", object.key, definitions) ?? "key", object.value]];
  if (object !== undefined) {
    const required = Object.entries(object.properties).filter(([, property]) => !property.optional);
    if (required.length === 0 && object.index !== undefined) return [["key", object.index]];
    return required.map(([name, property]) => [name, property.type]);
  }
  if (list?.kind === "tuple") {
    return list.items.flatMap((item, index) => (item.optional ? [] : [[String(index), item.type]]));
  }
  return list === undefined ? [] : [["0", list.items]];
}

/** An example of what is one word; undefined when the type has none. A list is one word when its element is. */
function scalarText(name: string, type: Type, definitions: Definitions): string | undefined {
  const resolved = resolve(type, definitions);
  if (resolved.kind === "unknown") return "anything";
  const plan = unionPlan(resolved, definitions);
  if (plan.strings.length > 0) return plan.strings[0];
  if (plan.string !== undefined) return textFor(name, plan.string);
  if (plan.numbers.length > 0) return String(plan.numbers[0]);
  if (plan.number !== undefined) return String(plan.number.minimum ?? plan.number.maximum ?? 1);
  if (plan.bigints.length > 0) return plan.bigints[0];
  if (plan.bigint !== undefined) return plan.bigint.minimum ?? plan.bigint.maximum ?? "1";
  if (plan.booleans.length > 0) return String(plan.booleans.at(-1));
  if (plan.date !== undefined) return "2026-01-31";
  if (plan.bytes !== undefined) return "@file";
  const { list } = plan;
  if (list !== undefined && list.kind !== "tuple") return scalarText(name, list.items, definitions);
  const isEmpty = plan.map === undefined && plan.objects === undefined && list === undefined;
  return isEmpty && plan.admitsNull ? "null" : undefined;
}

/** A word of text that keeps the type's constraints. */
function textFor(name: string, type: Extract<Type, { kind: "string" }>): string {
  const text = name === "name" ? "World" : "text";
  const { minLength = 0, maxLength = Infinity, pattern = "" } = type;
  const fits = text.length >= minLength && text.length <= maxLength && new RegExp(pattern, "u").test(text);
  // The generator knows how to make text for a pattern; a constant chance makes the same one every time.
  return fits ? text : String(randomValue(type, {}, () => CHANCE));
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
