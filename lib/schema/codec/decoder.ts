import { resolve, type ResolvedType } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { nilMeaning } from "../union.ts";
import { checkBigint, checkText } from "./checks.ts";
import { NESTING_MAX } from "./cursor.ts";
import { listFunction, mapFunction, sequenceFunction } from "./decode_collections.ts";
import { indexedObjectFunction, objectFunction } from "./decode_object.ts";
import { bigintCode, bytesCode, dateCode, literalCode, numberCode, textCode } from "./decode_scalars.ts";
import { unionBody, unionCode } from "./decode_union.ts";
import type { Program } from "./program.ts";
import { UTF8_BYTES_MAX } from "./text.ts";
import type { ListShape } from "./wire_form.ts";

/**
 * Writes the code of a decoder. Every type with parts becomes a function
 *
 *     (s: Cursor, d: depth, at?: path) => value
 *
 * that reads at `s.position` and moves it; all others are read in place. Inside a function `B` are the message's bytes,
 * `E` is where it ends and `p` where the code stands; `c` and `n` are scratch.
 *
 * Reading one byte is not checked against the end: past it lie the bytes of another message, or undefined, and whatever
 * they decode to, the position is past the end then too, and the run ends in an error. What costs memory or time, a
 * length or a count, is checked each time.
 */
export class DecoderSource {
  constructor(readonly program: Program) {}

  /** The function that decodes a value of this type. */
  entry(type: Type): string {
    return this.program.functionFor({}, (name) => this.define(name, `let v;\n${this.read(type, "v", "at")}`, "v"));
  }

  /** The function that decodes a list. */
  entryOfList(list: ListShape): string {
    return this.program.functionFor({}, (name) => listFunction(this, name, list));
  }

  define(name: string, body: string, result: string): string {
    return `function ${name}(s, d${this.program.path("at")}) {
const B = s.bytes, E = s.end;
let p = s.position, c = 0, n = 0;
${body}s.position = p;
return ${result};
}`;
  }

  defineNested(name: string, body: string, result: string): string {
    const tooDeep = this.program.refuseIf(
      `d > ${NESTING_MAX}`,
      () => `failure(at, "expected at most ${NESTING_MAX} levels, found more")`,
    );
    return this.define(name, tooDeep + body, result);
  }

  /** In code that explains, a statement that ends the run if the message has ended. */
  notEnded(expected: string, at: string, test = "p >= E"): string {
    return this.program.explains ? this.program.refuseIf(test, () => `ended(${at}, ${expected})`) : "";
  }

  /** Code that reads, checks and assigns a value of this type to the variable `target`. `expected` names it in messages. */
  read(written: Type, target: string, at: string, expected = this.program.expected(written)): string {
    const { program } = this;
    const type = resolve(written, program.definitions);
    const refuse = (position: string): string =>
      program.refuse(() => `wireMismatch(${at}, ${expected}, s, ${position})`);
    switch (type.kind) {
      case "unknown":
        return `s.position = p;
${target} = readUnknown(s, d + 1);
${program.refuseIf(`${target} === NOTHING`, () => `failure(${at}, s.problem)`)}p = s.position;\n`;
      case "null":
      case "undefined":
        return `if (B[p] === 192) { p++; ${target} = ${type.kind}; }\nelse ${refuse("p")}`;
      case "boolean":
        return `c = B[p];
if (c === 195) ${target} = true;
else if (c === 194) ${target} = false;
else ${refuse("p")}p++;\n`;
      case "number":
      case "integer":
        return numberCode(this, type, target, at, expected);
      case "bigint":
        return bigintCode(this, target, expected, at) + checkBigint(program, type, target, at);
      case "bigintLiteral":
        return bigintCode(this, target, expected, at) +
          program.refuseIf(`${target} !== ${BigInt(type.value)}n`, () => `mismatch(${at}, ${expected}, ${target})`);
      case "string": {
        const bytesMax = type.maxLength === undefined ? Infinity : type.maxLength * UTF8_BYTES_MAX;
        return textCode(this, target, expected, at, bytesMax, type.maxLength) + checkText(program, type, target, at);
      }
      case "bytes":
        return bytesCode(this, type, target, expected, at);
      case "date":
        return dateCode(this, target, expected, at);
      case "literal":
        return literalCode(this, type.value, target, expected, at);
      case "union":
        return unionCode(this, written, type, target, at);
      default:
        return this.call(this.functionOf(written, type), target, at);
    }
  }

  call(name: string, target: string, at: string, depth = "d + 1"): string {
    return `s.position = p;\n${target} = ${name}(s, ${depth}${this.program.path(at)});\np = s.position;\n`;
  }

  functionOf(written: Type, type: ResolvedType): string {
    return this.program.functionFor(type, (name) => {
      switch (type.kind) {
        case "array":
        case "set":
          return sequenceFunction(this, name, written, type);
        case "map":
          return mapFunction(this, name, written, type);
        case "tuple": {
          const rest = type.rest === undefined ? {} : { rest: type.rest };
          return listFunction(this, name, { unit: "element", items: type.items, ...rest });
        }
        case "object":
          return type.index === undefined
            ? objectFunction(this, name, written, type)
            : indexedObjectFunction(this, name, written, type, type.index);
        default:
          return this.define(name, `let v;\n${unionBody(this, written, "v", "at")}`, "v");
      }
    });
  }

  /** For what may be absent nil means absent, unless its type admits null. */
  readOptional(type: Type, target: string, at: string): string {
    const read = this.read(type, target, at);
    if (nilMeaning(type, this.program.definitions) !== "none") return read;
    return `if (B[p] === 192) p++;\nelse {\n${read}}\n`;
  }
}
