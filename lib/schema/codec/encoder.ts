import { resolve, type ResolvedType } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { checkBigint, checkBytes, checkText } from "./checks.ts";
import { NESTING_MAX } from "./cursor.ts";
import { listFunction, mapFunction, sequenceFunction } from "./encode_collections.ts";
import { objectFunction } from "./encode_object.ts";
import {
  datePiece,
  literal,
  literalBytes,
  numberPiece,
  storeBigint,
  storeText,
  unknownPiece,
} from "./encode_scalars.ts";
import { unionBody, unionPiece } from "./encode_union.ts";
import { NUMBER_BYTES_MAX } from "./number.ts";
import { combine, type Piece, sequence } from "./piece.ts";
import type { Program } from "./program.ts";
import type { ListShape } from "./wire_form.ts";

/**
 * Writes the code of an encoder. Every type with parts becomes a function
 *
 *     (v: value, w: Writer, p: position, d: depth, at?: path) => position after the value
 *
 * with `b` as the writer's buffer; all others are written in place.
 */
export class EncoderSource {
  constructor(readonly program: Program) {}

  /** The function that encodes a value of this type. */
  entry(type: Type): string {
    return this.program.functionFor({}, (name) => this.define(name, this.write(type, "v", "at")));
  }

  /** The function that encodes a list. */
  entryOfList(list: ListShape): string {
    return this.program.functionFor({}, (name) => listFunction(this, name, list));
  }

  define(name: string, body: Piece): string {
    return `function ${name}(v, w, p, d${this.program.path("at")}) {
let b = w.bytes;
${sequence(this.program, [body])}return p;
}`;
  }

  defineNested(name: string, before: string, pieces: readonly Piece[]): string {
    const { program } = this;
    return `function ${name}(v, w, p, d${program.path("at")}) {
${
      program.refuseIf(
        `d > ${NESTING_MAX}`,
        () => `failure(at, "expected at most ${NESTING_MAX} levels, found more; is there a cycle?")`,
      )
    }let b = w.bytes;
${before}${sequence(program, pieces)}return p;
}`;
  }

  refuse(condition: string, expected: () => string, value: string, at: string): string {
    return this.program.refuseIf(condition, () => `mismatch(${at}, ${expected()}, ${value})`);
  }

  /** Code that checks and writes what the variable `value` holds. `named` is what messages call the type. */
  write(written: Type, value: string, at: string, named = written): Piece {
    const { program } = this;
    const type = resolve(written, program.definitions);
    const expected = (): string => program.expected(named);
    switch (type.kind) {
      case "unknown":
        return unknownPiece(this, value, at);
      case "null":
        return { code: `${this.refuse(`${value} !== null`, expected, value, at)}b[p++] = 192;\n`, bytesMax: 1 };
      case "undefined":
        return { code: `${this.refuse(`${value} !== undefined`, expected, value, at)}b[p++] = 192;\n`, bytesMax: 1 };
      case "boolean":
        return {
          code: `if (${value} === true) b[p++] = 195;
else if (${value} === false) b[p++] = 194;
else ${program.refuse(() => `mismatch(${at}, ${expected()}, ${value})`)}`,
          bytesMax: 1,
        };
      case "number":
      case "integer":
        return numberPiece(this, type, value, expected, at);
      case "bigint":
        return {
          code: this.refuse(`typeof ${value} !== "bigint"`, expected, value, at) +
            checkBigint(program, type, value, at) + storeBigint(type.format, value),
          bytesMax: NUMBER_BYTES_MAX,
        };
      case "string":
        return {
          code: this.refuse(`typeof ${value} !== "string"`, expected, value, at) +
            checkText(program, type, value, at) + storeText(this, value, at),
          bytesMax: undefined,
        };
      case "bytes":
        return {
          code: this.refuse(`!(${value} instanceof Uint8Array)`, expected, value, at) +
            checkBytes(program, type, value, at) + `p = writeBytes(w, p, ${value});\nb = w.bytes;\n`,
          bytesMax: undefined,
        };
      case "date":
        return datePiece(this, value, expected, at);
      case "literal":
        return combine(program, [
          { code: this.refuse(`${value} !== ${literal(type.value)}`, expected, value, at), bytesMax: 0 },
          { fixed: literalBytes(type.value) },
        ]);
      case "bigintLiteral":
        return {
          code: this.refuse(`${value} !== ${BigInt(type.value)}n`, expected, value, at) +
            storeBigint(undefined, value),
          bytesMax: NUMBER_BYTES_MAX,
        };
      case "union":
        return unionPiece(this, written, type, value, at);
      default:
        return this.call(this.functionOf(written, type), value, at);
    }
  }

  /** A union is no level of its own. */
  call(name: string, value: string, at: string, depth = "d + 1"): Piece {
    return {
      code: `p = ${name}(${value}, w, p, ${depth}${this.program.path(at)});\nb = w.bytes;\n`,
      bytesMax: undefined,
    };
  }

  /** The function of a type with parts. */
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
          return objectFunction(this, name, written, type);
        default:
          return this.define(name, unionBody(this, written, "v", "at"));
      }
    });
  }
}
