import type { ResolvedType } from "../resolve.ts";
import { checkNumber } from "./checks.ts";
import type { EncoderSource } from "./encoder.ts";
import { NUMBER_BYTES_MAX } from "./number.ts";
import type { Piece } from "./piece.ts";
import { quote } from "./program.ts";
import { TIMESTAMP_BYTES_MAX } from "./timestamp.ts";
import { numberBytes, textBytes } from "./wire_form.ts";

/** Writes a value that no schema describes. */
export function unknownPiece(source: EncoderSource, value: string, at: string): Piece {
  const { program } = source;
  const code = program.explains
    ? `{ const problem = explainUnknown(${value}, ${at}, d + 1); if (problem !== undefined) throw problem; }\n`
    : "";
  return {
    code: `${code}p = writeUnknown(w, p, ${value}, d + 1);
${program.refuseIf("p < 0", () => `mismatch(${at}, "a value that can be sent", ${value})`)}b = w.bytes;\n`,
    bytesMax: undefined,
  };
}

/** Checks and writes a number. */
export function numberPiece(
  source: EncoderSource,
  type: Extract<ResolvedType, { kind: "number" | "integer" }>,
  value: string,
  expected: () => string,
  at: string,
): Piece {
  const { program } = source;
  const refusal = source.refuse(`typeof ${value} !== "number"`, expected, value, at);
  return {
    code: refusal + checkNumber(program, type, value, at) + storeNumber(type, value),
    bytesMax: NUMBER_BYTES_MAX,
  };
}

/** Code that writes a bigint that was checked. */
export function storeBigint(format: "i64" | "u64" | undefined, value: string): string {
  const signed = `b[p] = 211; w.view.setBigInt64(p + 1, ${value});`;
  const unsigned = `b[p] = 207; w.view.setBigUint64(p + 1, ${value});`;
  const stores = format === "i64"
    ? signed
    : format === "u64"
    ? unsigned
    : `if (${value} < 9223372036854775808n) { ${signed} } else { ${unsigned} }`;
  return `${stores}\np += ${NUMBER_BYTES_MAX};\n`;
}

/** Code that writes a string. */
export function storeText(source: EncoderSource, value: string, at: string): string {
  return `p = writeText(w, p, ${value});\n${
    source.program.refuseIf(
      "p < 0",
      () => `failure(${at}, "expected Unicode text, found a string with a lone surrogate")`,
    )
  }b = w.bytes;\n`;
}

/** Checks and writes a Date. */
export function datePiece(source: EncoderSource, value: string, expected: () => string, at: string): Piece {
  const { program } = source;
  const time = program.local();
  return {
    code: `${source.refuse(`!(${value} instanceof Date)`, expected, value, at)}const ${time} = ${value}.getTime();
${program.refuseIf(`${time} !== ${time}`, () => `failure(${at}, "expected a valid Date, found an invalid Date")`)}` +
      `p = writeTimestamp(w.view, p, ${time});\n`,
    bytesMax: TIMESTAMP_BYTES_MAX,
  };
}

/** Code that writes a number that was checked. */
export function storeNumber(type: Extract<ResolvedType, { kind: "number" | "integer" }>, value: string): string {
  if (type.kind === "integer") {
    return `if (${value} >= 0 && ${value} < 128) b[p++] = ${value};
else if (${value} >= 0 && ${value} < 256) { b[p] = 204; b[p + 1] = ${value}; p += 2; }
else p = writeInteger(b, p, ${value});\n`;
  }
  if (type.format === "f32") return `b[p] = 202; w.view.setFloat32(p + 1, ${value}); p += 5;\n`;
  return `p = writeNumber(b, w.view, p, ${value});\n`;
}

/** A literal as it is written in code. */
export function literal(value: string | number | boolean): string {
  return typeof value === "string" ? quote(value) : `${value}`;
}

/** And as it is written in a message. */
export function literalBytes(value: string | number | boolean): number[] {
  if (typeof value === "string") return textBytes(value);
  return typeof value === "number" ? numberBytes(value) : [value ? 0xc3 : 0xc2];
}
