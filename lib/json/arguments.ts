import { readFileSync, statSync } from "node:fs";
import { CellError, didYouMean, MIB } from "../base/mod.ts";
import { type Definitions, type Method, type Param, resolve, type Type, unionPlan } from "../schema/mod.ts";
import { fromJson } from "./from_json.ts";
import { parseJson } from "./parse_json.ts";
import { innerType, isObjectLike, type Leaf, namesWithin, place } from "./place.ts";
import { jsonOfText, jsonOfWord } from "./text.ts";

/** A file that an argument names is read whole; no message is longer. */
const FILE_BYTES_MAX = 64 * MIB;
/** `name=text` and `name:=json`, where the name may be a path: `address.city=Oslo`, `lines.0.count:=2`. */
const ASSIGNMENT = /^([A-Za-z_$][\w$-]*(?:\.[\w$-]+)*)(:?=)([\s\S]*)$/;
/** The word for stdin. */
const STDIN = "-";

/** What the words after a method's name mean. */
export interface CommandArguments {
  /** By position; a stream's place holds its items as an array, or undefined when they come from stdin. */
  args: unknown[];
  /** What stdin's JSON lines are: nothing, the arguments of one call each, or the items of the stream. */
  stdin: "unused" | "calls" | "stream";
}

/**
 * The arguments that words of a command line give for a method. Words are JSON by position, or assignments: to the fields
 * of the parameter if the method has one and it is an object, else to the parameters by name. Throws INVALID_ARGUMENT.
 */
export function readArguments(
  words: readonly string[],
  methodName: string,
  method: Method,
  definitions: Definitions,
): CommandArguments {
  const reader = new ArgumentReader(words, methodName, method, definitions);
  return reader.read();
}

class ArgumentReader {
  /** JSON by position. */
  readonly #json: unknown[] = [];
  readonly #usesStdin: boolean;
  readonly #streamAt: number;
  /** Where fields go when the method has a single parameter and it is an object. */
  readonly #fieldsAt: number;

  constructor(
    private readonly words: readonly string[],
    private readonly methodName: string,
    private readonly method: Method,
    private readonly definitions: Definitions,
  ) {
    this.#usesStdin = words.includes(STDIN);
    this.#streamAt = method.params.findIndex((param) => param.stream);
    this.#fieldsAt = fieldsParam(method, definitions);
  }

  read(): CommandArguments {
    if (this.#usesStdin && this.#streamAt === -1) return this.#calls();
    for (const word of this.words) {
      const [, path, operator, text] = ASSIGNMENT.exec(word) ?? [];
      if (word === STDIN) continue;
      if (path === undefined || text === undefined) this.#position(word);
      else this.#assign(path.split("."), operator === ":=", text);
    }
    if (this.#streamAt !== -1 && !this.#usesStdin && this.#json[this.#streamAt] === undefined) {
      throw this.#invalid(
        `takes a stream: pipe one JSON value per line into it and write "-", or write ` +
          `${this.method.params[this.#streamAt]?.name}:='[...]'`,
      );
    }
    return { args: this.#values(), stdin: this.#usesStdin ? "stream" : "unused" };
  }

  #calls(): CommandArguments {
    if (this.words.length > 1) {
      throw this.#invalid('takes all arguments from stdin when "-" is given, found further arguments beside it');
    }
    return { args: [], stdin: "calls" };
  }

  /** A word by position: to the next parameter that has no value yet. */
  #position(word: string): void {
    const { params } = this.method;
    const isFree = (param: Param, index: number): boolean =>
      param.rest === true || (this.#json[index] === undefined && !(param.stream && this.#usesStdin));
    const index = params.findIndex(isFree);
    const param = params[index];
    if (param === undefined) {
      throw this.#invalid(`takes ${countText(params.length)}, found one more: ${word}${this.#textHint(word)}`);
    }
    const type = wholeType(param);
    if (param.rest) {
      const items = (this.#json[index] ?? []) as unknown[];
      this.#json[index] = [...items, jsonOfWord(word, param.type, this.definitions)];
    } else this.#json[index] = jsonOfWord(word, type, this.definitions);
  }

  #textHint(word: string): string {
    return /\s/.test(word) ? "" : ". Quote text that has blanks in it";
  }

  #assign(path: string[], isJson: boolean, text: string): void {
    const shown = path.join(".");
    const leaf: Leaf = (type, existing) => {
      const value = isJson ? parseJson(text, shown) : this.#textValue(text, type);
      return existing === undefined ? value : appended(existing, value, type, shown, this.definitions);
    };
    const [name = "", ...rest] = path;
    const fields = this.method.params[this.#fieldsAt];
    if (fields !== undefined && this.#isField(fields, name)) {
      this.#json[this.#fieldsAt] = place(this.#json[this.#fieldsAt], fields.type, path, leaf, this.definitions);
      return;
    }
    const index = this.method.params.findIndex((param) => param.name === name);
    const param = this.method.params[index];
    if (param === undefined) throw this.#unknownName(name, fields);
    this.#json[index] = place(this.#json[index], wholeType(param), rest, leaf, this.definitions, name);
  }

  #isField(param: Param, name: string): boolean {
    return innerType(param.type, name, undefined, this.definitions) !== undefined;
  }

  /** `=@path` gives bytes the content of a file; base64 never begins with "@". */
  #textValue(text: string, type: Type): unknown {
    const plan = resolve(type, this.definitions).kind === "unknown" ? undefined : unionPlan(type, this.definitions);
    if (plan?.bytes !== undefined && plan.string === undefined && text.startsWith("@")) return readFile(text.slice(1));
    return jsonOfText(text, type, this.definitions);
  }

  #values(): unknown[] {
    const { params } = this.method;
    const values: unknown[] = [];
    params.forEach((param, index) => {
      const path = `args[${index}]`;
      let json = this.#json[index];
      // Without any word the codec can still say which fields are missing.
      if (json === undefined && index === this.#fieldsAt && !param.optional) json = {};
      const value = json === undefined ? undefined : fromJson(json, wholeType(param), this.definitions, path);
      if (param.rest) values.push(...((value ?? []) as unknown[]));
      else values.push(value);
    });
    while (values.length > 0 && values.at(-1) === undefined && !params[values.length - 1]?.stream) values.pop();
    return values;
  }

  #unknownName(name: string, fields: Param | undefined): CellError {
    const within = fields === undefined ? [] : (namesWithin(fields.type, this.definitions) ?? []);
    const names = [
      ...new Set([...within, ...(within.length === 0 ? this.method.params.map((param) => param.name) : [])]),
    ];
    if (names.length === 0) return this.#invalid(`takes no arguments, found "${name}"`);
    return this.#invalid(
      `has no "${name}".${didYouMean(name, names) || ` It takes ${names.slice(0, 10).join(", ")}.`}`,
    );
  }

  #invalid(what: string): CellError {
    return new CellError("INVALID_ARGUMENT", `${this.methodName} ${what}`);
  }
}

/** The index of the only parameter beside a stream when it is an object, else -1. */
export function fieldsParam(method: Method, definitions: Definitions): number {
  const indexes = method.params.flatMap((param, index) => (param.stream ? [] : [index]));
  const param = indexes.length === 1 ? method.params[indexes[0]!] : undefined;
  return param !== undefined && !param.rest && isObjectLike(param.type, definitions) ? indexes[0]! : -1;
}

/** A parameter's type as one value: the elements of a rest or a stream as an array. */
export function wholeType(param: Param): Type {
  return param.rest || param.stream ? { kind: "array", items: param.type } : param.type;
}

/** A name that is given again adds to a list; anything else cannot be given twice. */
function appended(existing: unknown, value: unknown, type: Type, shown: string, definitions: Definitions): unknown {
  const resolved = resolve(type, definitions);
  const isList = resolved.kind !== "unknown" && unionPlan(resolved, definitions).list !== undefined;
  if (isList && Array.isArray(existing) && Array.isArray(value)) return [...existing, ...value];
  throw new CellError("INVALID_ARGUMENT", `${shown} is given twice`);
}

function readFile(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) {
      throw new CellError("INVALID_ARGUMENT", `${path}: expected at most ${FILE_BYTES_MAX} bytes, found ${size}`);
    }
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error instanceof CellError) throw error;
    throw new CellError("INVALID_ARGUMENT", `reading the file of an argument failed: ${(error as Error).message}`);
  }
}

function countText(count: number): string {
  return count === 0 ? "no arguments" : count === 1 ? "one argument" : `${count} arguments`;
}
