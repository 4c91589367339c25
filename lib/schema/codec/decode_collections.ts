import { resolve, type ResolvedType, unionMembers } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { checkItems } from "./checks.ts";
import { numberCode } from "./decode_scalars.ts";
import type { DecoderSource } from "./decoder.ts";
import { type Program, quote } from "./program.ts";
import { type ListShape, requiredCount } from "./wire_form.ts";

/** Arrays of up to this many elements are made at once; longer ones grow with what really is in the message. */
const PREALLOCATED_MAX = 1024;

/** From so many numbers on, a view of the message that reads each of them faster is worth being made. */
const VIEWED_NUMBERS_MIN = 64;

/** Code that reads a count with `reader`, and refuses one that cannot be in what is left. Leaves it in `n`. */
export function countCode(
  source: DecoderSource,
  reader: "arrayCount" | "mapCount",
  elementBytesMin: number,
  expected: string,
  at: string,
): string {
  const { program } = source;
  const lead = reader === "arrayCount" ? 0x90 : 0x80;
  const what = reader === "arrayCount" ? "an array" : "a map";
  return `${source.notEnded(expected, at)}c = B[p++];
if (c >= ${lead} && c < ${lead + 16}) n = c & 15;
else {
s.position = p;
n = ${reader}(s, c);
${program.refuseIf("n < 0", () => `wireMismatch(${at}, ${expected}, s, p - 1)`)}p = s.position;
}
${
    program.refuseIf(
      `n${elementBytesMin === 1 ? "" : ` * ${elementBytesMin}`} > E - p`,
      () => `overlong(${at}, "${what}", n, s, p)`,
    )
  }`;
}

/** Code that takes `n` elements from what one message may hold. */
export function chargeCode(source: DecoderSource, at: string): string {
  return source.program.refuseIf(
    "(s.elementsLeft -= n) < 0",
    () => `failure(${at}, "expected at most " + ELEMENTS_MAX + " elements in one message, found more")`,
  );
}

/** The function that decodes an array or a set. */
export function sequenceFunction(
  source: DecoderSource,
  name: string,
  written: Type,
  type: Extract<ResolvedType, { kind: "array" | "set" }>,
): string {
  const { program } = source;
  const isArray = type.kind === "array";
  const header = countCode(source, "arrayCount", 1, program.expected(written), "at") +
    checkItems(program, isArray ? type : withoutMinimum(type), "n", "at") +
    (isArray && isPlain(type.items, program) ? "" : chargeCode(source, "at"));
  const [view, item] = readItem(source, type.items, `at + "[" + i + "]"`);
  const result = isArray ? `n <= ${PREALLOCATED_MAX} ? new Array(n) : []` : "new Set()";
  const add = isArray ? "r[i] = x;" : "r.add(x);";
  const after = isArray ? "" : checkItems(program, type, "r.size", "at");
  return source.defineNested(
    name,
    `${header}${view}const r = ${result};
for (let i = 0, k = n, x; i < k; i++) {
${item}${add}
}
${after}`,
    "r",
  );
}

/** Code that reads one of `n` items into `x`, and what comes before the first one. */
function readItem(source: DecoderSource, written: Type, at: string): [before: string, item: string] {
  const { program } = source;
  const type = resolve(written, program.definitions);
  if (type.kind !== "number") return ["", source.read(written, "x", at)];
  const before = `const w = n >= ${VIEWED_NUMBERS_MIN} ? s.makeView() : undefined;\n`;
  return [before, numberCode(source, type, "x", at, program.expected(written), "w")];
}

/** The function that decodes a map. */
export function mapFunction(
  source: DecoderSource,
  name: string,
  written: Type,
  type: Extract<ResolvedType, { kind: "map" }>,
): string {
  const { program } = source;
  const header = countCode(source, "mapCount", 2, program.expected(written), "at") +
    checkItems(program, type, "n", "at") + chargeCode(source, "at");
  const duplicate = program.refuseIf("r.size === i", () => "duplicateKey(at, x)");
  return source.defineNested(
    name,
    `${header}const r = new Map();
for (let i = 0, k = n, x, y; i < k; i++) {
${source.read(type.key, "x", `at + " key"`)}${source.read(type.value, "y", "keyed(at, x)")}r.set(x, y);
${duplicate}}
`,
    "r",
  );
}

/** The function that decodes a tuple, or arguments. */
export function listFunction(source: DecoderSource, name: string, list: ListShape): string {
  const { program } = source;
  const count = list.items.length;
  const required = requiredCount(list);
  const values = list.items.map(() => program.local());
  const kind = list.unit === "argument" ? "an array of arguments" : "a tuple";
  let code = countCode(source, "arrayCount", 1, quote(kind), "at");
  if (list.rest === undefined) {
    const plural = count === 1 ? "" : "s";
    code += program.refuseIf(
      `n > ${count}`,
      () => `failure(at, "expected at most ${count} ${list.unit}${plural}, found " + n)`,
    );
  } else if (!isPlain(list.rest, program)) code += chargeCode(source, "at");
  if (required > 0) {
    const missing = list.items.slice(0, required).map((item) => program.expected(item.type));
    code += program.refuseIf(`n < ${required}`, () => `mismatch(at + "[" + n + "]", [${missing}][n], undefined)`);
  }
  code += "const k = n;\n";
  if (values.length > 0) code += `let ${values.join(", ")};\n`;
  list.items.forEach((item, index) => {
    const target = values[index]!;
    const at = `at + "[${index}]"`;
    if (index < required && !item.stream) {
      code += item.optional ? source.readOptional(item.type, target, at) : source.read(item.type, target, at);
    } else {
      const type: Type = item.stream ? { kind: "undefined" } : item.type;
      const read = source.readOptional(type, target, at);
      code += index < required ? read : `if (k > ${index}) {\n${read}}\n`;
    }
  });
  code += `const r = [${values.slice(0, required).join(", ")}];\n`;
  for (let index = required; index < count; index++) code += `if (k > ${index}) r.push(${values[index]});\n`;
  if (list.rest !== undefined) {
    code += `for (let i = ${count}, x; i < k; i++) {\n${
      source.read(list.rest, "x", `at + "[" + i + "]"`)
    }r.push(x);\n}\n`;
  }
  return source.defineNested(name, code, "r");
}

/** Whether values of this type live in the array that holds them. */
function isPlain(type: Type, program: Program): boolean {
  return unionMembers(type, program.definitions).every((member) => {
    switch (member.kind) {
      case "null":
      case "undefined":
      case "boolean":
      case "number":
      case "integer":
      case "literal":
        return true;
      default:
        return false;
    }
  });
}

function withoutMinimum<T extends { minItems?: number }>(type: T): Omit<T, "minItems"> {
  const { minItems: _, ...rest } = type;
  return rest;
}
