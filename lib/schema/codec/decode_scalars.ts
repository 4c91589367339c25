import type { ResolvedType } from "../resolve.ts";
import { checkBytes, checkNumber } from "./checks.ts";
import type { DecoderSource } from "./decoder.ts";
import { type Program, quote } from "./program.ts";
import { textBytes } from "./wire_form.ts";

/** Longer names are compared in a loop: their code would grow with what a schema from outside says. */
const COMPARED_BYTES_MAX = 40;

/** A condition that known bytes stand at `p`. */
export function equals(program: Program, bytes: readonly number[], offset = 0): string {
  if (bytes.length > COMPARED_BYTES_MAX) {
    const constant = program.constant(`bytes ${bytes.join()}`, () => Uint8Array.from(bytes));
    return `matches(B, p${offset === 0 ? "" : ` + ${offset}`}, ${constant})`;
  }
  const place = (index: number): string => index === 0 ? "p" : `p + ${index}`;
  return bytes.map((byte, index) => `B[${place(index + offset)}] === ${byte}`).join(" && ");
}

/** Code that reads a number in any form and checks it. `view` is a variable with a view of the message, or without one. */
export function numberCode(
  source: DecoderSource,
  type: Extract<ResolvedType, { kind: "number" | "integer" }>,
  target: string,
  at: string,
  expected: string,
  view?: string,
): string {
  const { program } = source;
  const start = program.explains ? "const start = p;\n" : "";
  // Single precision is read like this where it is expected, double precision everywhere.
  const [lead, bytes, float] = type.kind === "number" && type.format === "f32"
    ? [0xca, 4, "Float32"]
    : [0xcb, 8, "Float64"];
  const read = view === undefined
    ? `read${float}(B, p)`
    : `${view} === undefined ? read${float}(B, p) : ${view}.get${float}(p)`;
  const code = `${start}${source.notEnded(expected, at)}c = B[p++];
if (c < 128) ${target} = c;
else if (c === 204) ${target} = B[p++];
else if (c === ${lead} && p + ${bytes} <= E) { ${target} = ${read}; p += ${bytes}; }
else {
s.position = p;
${target} = readNumber(s, c);
p = s.position;
${program.refuseIf(`${target} === undefined`, () => `wireMismatch(${at}, ${expected}, s, start)`)}}
${source.notEnded(expected, at, "p > E")}${checkNumber(program, type, target, at)}`;
  return program.explains ? `{\n${code}}\n` : code;
}

/** Code that reads an integer in any form as a bigint. */
export function bigintCode(source: DecoderSource, target: string, expected: string, at: string): string {
  const { program } = source;
  return `c = p;
s.position = p + 1;
${target} = readBigint(s, B[p]);
p = s.position;
${program.refuseIf(`${target} === undefined`, () => `wireMismatch(${at}, ${expected}, s, c)`)}${
    source.notEnded(expected, at, "p > E")
  }`;
}

/** Code that reads the header of a string: `n` bytes follow at `p`, and they are there. */
export function textHeaderCode(source: DecoderSource, expected: string, at: string): string {
  const { program } = source;
  return `${source.notEnded(expected, at)}c = B[p++];
if (c >= 160 && c < 192) n = c & 31;
else {
s.position = p;
n = textLength(s, c);
${program.refuseIf("n < 0", () => `wireMismatch(${at}, ${expected}, s, p - 1)`)}p = s.position;
}
${program.refuseIf("n > E - p", () => `overlong(${at}, "a string", n, s, p)`)}`;
}

/** Code that reads a string of at most `bytesMax` bytes. */
export function textCode(
  source: DecoderSource,
  target: string,
  expected: string,
  at: string,
  bytesMax: number,
  lengthMax?: number,
): string {
  const { program } = source;
  const tooLong = bytesMax === Infinity ? "" : program.refuseIf(
    `n > ${bytesMax}`,
    () => `failure(${at}, "expected at most ${lengthMax} characters, found " + n + " bytes")`,
  );
  return `${textHeaderCode(source, expected, at)}${tooLong}${target} = readText(B, p, p += n);
${program.refuseIf(`${target} === undefined`, () => `failure(${at}, "expected UTF-8, found other bytes")`)}`;
}

/** Code that reads binary data and checks its length. */
export function bytesCode(
  source: DecoderSource,
  type: Extract<ResolvedType, { kind: "bytes" }>,
  target: string,
  expected: string,
  at: string,
) {
  const { program } = source;
  // Its length is checked as if it was the value, before there is one.
  const lengthChecks = checkBytes(program, type, "claimed", at);
  return `c = p;
s.position = p + 1;
n = bytesLength(s, B[p]);
p = s.position;
${program.refuseIf("n < 0", () => `wireMismatch(${at}, ${expected}, s, c)`)}${
    program.refuseIf("n > E - p", () => `overlong(${at}, "binary data", n, s, p)`)
  }${
    lengthChecks === "" ? "" : `{\nconst claimed = { length: n };\n${lengthChecks}}\n`
  }${target} = copyBytes(B, p, p += n);\n`;
}

/** Code that reads a literal. The expected bytes are compared first; other ways to write the same value are looked at only if they differ. */
export function literalCode(
  source: DecoderSource,
  value: string | number | boolean,
  target: string,
  expected: string,
  at: string,
): string {
  const { program } = source;
  if (typeof value === "boolean") {
    return `${program.refuseIf(`B[p] !== ${value ? 195 : 194}`, () => `wireMismatch(${at}, ${expected}, s, p)`)}p++;
${target} = ${value};\n`;
  }
  if (typeof value === "number") {
    return numberCode(source, { kind: "number" }, target, at, expected) +
      program.refuseIf(`${target} !== ${value}`, () => `mismatch(${at}, ${expected}, ${target})`);
  }
  const bytes = textBytes(value);
  return `if (${equals(program, bytes)}) { p += ${bytes.length}; ${target} = ${quote(value)}; }
else {
${textCode(source, target, expected, at, Infinity)}${
    program.refuseIf(`${target} !== ${quote(value)}`, () => `mismatch(${at}, ${expected}, ${target})`)
  }}\n`;
}

/** Code that reads a timestamp. */
export function dateCode(source: DecoderSource, target: string, expected: string, at: string): string {
  const { program } = source;
  return `c = p;
s.position = p + 1;
n = readTimestamp(s, B[p]);
p = s.position;
${program.refuseIf("n === undefined", () => `wireMismatch(${at}, ${expected}, s, c)`)}${
    source.notEnded(expected, at, "p > E")
  }${target} = new Date(n);\n`;
}
