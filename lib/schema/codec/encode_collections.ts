import type { ResolvedType } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { checkItems } from "./checks.ts";
import type { EncoderSource } from "./encoder.ts";
import { HEADER_BYTES_MAX } from "./header.ts";
import { choice, NIL, type Piece, sequence } from "./piece.ts";
import type { Program } from "./program.ts";
import { type ListShape, requiredCount } from "./wire_form.ts";

/** The function that encodes an array or a set. */
export function sequenceFunction(
  source: EncoderSource,
  name: string,
  written: Type,
  type: Extract<ResolvedType, { kind: "array" | "set" }>,
): string {
  const { program } = source;
  const isArray = type.kind === "array";
  const test = isArray ? "!Array.isArray(v)" : "!(v instanceof Set)";
  const before = source.refuse(test, () => program.expected(written), "v", "at") +
    `const n = v.${isArray ? "length" : "size"};\n` + checkItems(program, type, "n", "at");
  const item = sequence(program, [source.write(type.items, "x", `at + "[" + i + "]"`)]);
  const loop = isArray
    ? `for (let i = 0; i < n; i++) {\nlet x = v[i];\n${item}}\n`
    : `let i = 0;\nfor (let x of v) {\n${item}i++;\n}\n`;
  return source.defineNested(name, before, [
    { code: "p = writeArrayHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX },
    { code: loop, bytesMax: undefined },
  ]);
}

/** The function that encodes a map. */
export function mapFunction(
  source: EncoderSource,
  name: string,
  written: Type,
  type: Extract<ResolvedType, { kind: "map" }>,
): string {
  const { program } = source;
  const before = source.refuse("!(v instanceof Map)", () => program.expected(written), "v", "at") +
    "const n = v.size;\n" + checkItems(program, type, "n", "at");
  const entry = sequence(program, [
    source.write(type.key, "x", `at + " key"`),
    source.write(type.value, "y", "keyed(at, x)"),
  ]);
  return source.defineNested(name, before, [
    { code: "p = writeMapHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX },
    { code: `for (let [x, y] of v) {\n${entry}}\n`, bytesMax: undefined },
  ]);
}

/** The function that encodes a tuple, or arguments. */
export function listFunction(source: EncoderSource, name: string, list: ListShape): string {
  const { program } = source;
  const count = list.items.length;
  const required = requiredCount(list);
  let before = program.refuseIf("!Array.isArray(v)", () => `mismatch(at, "an array", v)`) + "let n = v.length;\n";
  // An absent element at the end is left out; before other ones it is nil.
  if (required < count) before += `if (n <= ${count}) while (n > ${required} && v[n - 1] === undefined) n--;\n`;
  if (list.rest === undefined) {
    before += program.refuseIf(`n > ${count}`, () => tooMany("at", list.unit, count, "n"));
  }
  if (required > 0) {
    const missing = list.items.slice(0, required).map((item) => program.expected(item.type));
    before += program.refuseIf(`n < ${required}`, () => `mismatch(at + "[" + n + "]", [${missing}][n], undefined)`);
  }
  const isFixed = required === count && list.rest === undefined;
  const header: Piece = isFixed && count < 16
    ? { fixed: [0x90 | count] }
    : { code: "p = writeArrayHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX };
  const pieces: Piece[] = [header];
  list.items.forEach((item, index) => {
    if (item.stream) {
      pieces.push(
        index < required ? NIL : { code: `if (n > ${index}) {\n${sequence(program, [NIL])}}\n`, bytesMax: undefined },
      );
      return;
    }
    const value = program.local();
    const written = source.write(item.type, value, `at + "[${index}]"`);
    if (index < required) {
      before += `let ${value} = v[${index}];\n`;
      pieces.push(item.optional ? orNil(program, written, value) : written);
    } else {
      const inner = `let ${value} = v[${index}];\n${sequence(program, [orNil(program, written, value)])}`;
      pieces.push({ code: `if (n > ${index}) {\n${inner}}\n`, bytesMax: undefined });
    }
  });
  if (list.rest !== undefined) {
    const item = sequence(program, [source.write(list.rest, "x", `at + "[" + i + "]"`)]);
    pieces.push({ code: `for (let i = ${count}; i < n; i++) {\nlet x = v[i];\n${item}}\n`, bytesMax: undefined });
  }
  return source.defineNested(name, before, pieces);
}

function tooMany(at: string, unit: string, count: number, found: string): string {
  const plural = count === 1 ? "" : "s";
  return `failure(${at}, "expected at most ${count} ${unit}${plural}, found " + ${found})`;
}

/** What `piece` writes, or nil for undefined. */
function orNil(program: Program, piece: Piece, value: string): Piece {
  return choice(program, `${value} === undefined`, NIL, piece);
}
