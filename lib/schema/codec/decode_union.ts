import { type ResolvedType, unionMembers } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { nilMeaning, type UnionPlan, unionPlan } from "../union.ts";
import { checkBigint, checkNumber, checkText } from "./checks.ts";
import { bigintCode, equals, numberCode, textCode } from "./decode_scalars.ts";
import type { DecoderSource } from "./decoder.ts";
import { propertySuffix, quote } from "./program.ts";
import { textBytes } from "./wire_form.ts";

/** More literals than this are looked up instead of being compared one after the other. */
const COMPARED_LITERALS_MAX = 16;

/** Code that reads a union. `T | null` is a test in front of T; everything else is worth a function. */
export function unionCode(
  source: DecoderSource,
  written: Type,
  type: Extract<ResolvedType, { kind: "union" }>,
  target: string,
  at: string,
): string {
  const { program } = source;
  const { definitions } = program;
  const members = unionMembers(type, definitions);
  const others = members.filter((member) => member.kind !== "null" && member.kind !== "undefined");
  if (others.length === 1 && members.length > 1) {
    return `if (B[p] === 192) { p++; ${target} = ${nilMeaning(type, definitions)}; }
else {
${source.read(others[0]!, target, at, program.expected(written))}}\n`;
  }
  return source.call(source.functionOf(written, type), target, at, "d");
}

/** The body of the function for a union: one branch for each way in which a value may begin. */
export function unionBody(source: DecoderSource, written: Type, target: string, at: string): string {
  const { program } = source;
  const plan = unionPlan(written, program.definitions);
  const expected = program.expected(written);
  const cases: [condition: string, code: string][] = [];
  const add = (condition: string, type: Type | undefined): void => {
    if (type !== undefined) cases.push([condition, source.read(type, target, at)]);
  };
  if (plan.admitsNull || plan.admitsUndefined) {
    cases.push(["B[p] === 192", `p++;\n${target} = ${plan.admitsNull ? "null" : "undefined"};\n`]);
  }
  for (const item of plan.booleans) cases.push([`B[p] === ${item ? 195 : 194}`, `p++;\n${target} = ${item};\n`]);
  addStrings(source, cases, plan, target, expected, at);
  if (plan.numbers.length > 0 || plan.number !== undefined) {
    cases.push(["isNumberLead(B[p])", readNumberOf(source, plan, target, expected, at)]);
  }
  if (plan.bigints.length > 0 || plan.bigint !== undefined) {
    cases.push(["isNumberLead(B[p])", readBigintOf(source, plan, target, expected, at)]);
  }
  add("B[p] >= 196 && B[p] <= 198", plan.bytes);
  add("B[p] === 214 || B[p] === 215 || B[p] === 199", plan.date);
  add("B[p] >= 144 && B[p] < 160 || B[p] === 220 || B[p] === 221", plan.list);
  const isMap = "B[p] >= 128 && B[p] < 144 || B[p] === 222 || B[p] === 223";
  add(isMap, plan.map);
  if (plan.objects !== undefined) cases.push([isMap, readDiscriminated(source, plan.objects, target, at)]);
  const branches = cases.map(([condition, code]) => `if (${condition}) {\n${code}} else `);
  return branches.join("") + program.refuse(() => `wireMismatch(${at}, ${expected}, s, p)`);
}

function addStrings(
  source: DecoderSource,
  cases: [condition: string, code: string][],
  plan: UnionPlan,
  target: string,
  expected: string,
  at: string,
): void {
  const { program } = source;
  if (plan.strings.length === 0 && plan.string === undefined) return;
  if (plan.strings.length <= COMPARED_LITERALS_MAX) {
    for (const value of plan.strings) {
      const bytes = textBytes(value);
      cases.push([equals(program, bytes), `p += ${bytes.length};\n${target} = ${quote(value)};\n`]);
    }
  }
  const isText = "B[p] >= 160 && B[p] < 192 || B[p] >= 217 && B[p] <= 219";
  const literals = program.constant(`set ${JSON.stringify(plan.strings)}`, () => new Set(plan.strings));
  const read = textCode(source, target, expected, at, Infinity);
  const check = plan.string === undefined
    ? program.refuseIf(`!${literals}.has(${target})`, () => `mismatch(${at}, ${expected}, ${target})`)
    : `if (!${literals}.has(${target})) {\n${checkText(program, plan.string, target, at)}}\n`;
  cases.push([isText, read + check]);
}

function readNumberOf(source: DecoderSource, plan: UnionPlan, target: string, expected: string, at: string): string {
  const { program } = source;
  const isLiteral = plan.numbers.length === 0
    ? "false"
    : `${program.constant(`numbers ${plan.numbers}`, () => new Set(plan.numbers))}.has(${target})`;
  const check = plan.number === undefined
    ? program.refuseIf(`!${isLiteral}`, () => `mismatch(${at}, ${expected}, ${target})`)
    : `if (!${isLiteral}) {\n${checkNumber(program, plan.number, target, at)}}\n`;
  return numberCode(source, { kind: "number" }, target, at, expected) + check;
}

function readBigintOf(source: DecoderSource, plan: UnionPlan, target: string, expected: string, at: string): string {
  const { program } = source;
  const values = plan.bigints.map(BigInt);
  const isLiteral = values.length === 0
    ? "false"
    : `${program.constant(`bigints ${values}`, () => new Set(values))}.has(${target})`;
  const check = plan.bigint === undefined
    ? program.refuseIf(`!${isLiteral}`, () => `mismatch(${at}, ${expected}, ${target})`)
    : `if (!${isLiteral}) {\n${checkBigint(program, plan.bigint, target, at)}}\n`;
  return bigintCode(source, target, expected, at) + check;
}

/** Looks at the discriminating property where it should come first, else searches for it, then reads from the start. */
function readDiscriminated(
  source: DecoderSource,
  objects: NonNullable<UnionPlan["objects"]>,
  target: string,
  at: string,
): string {
  const { program } = source;
  const key = textBytes(objects.property);
  const keyName = program.constant(
    `name ${objects.property}`,
    () => new TextEncoder().encode(objects.property),
  );
  const values = objects.members.flatMap((member) => member.values);
  const tag = program.functionFor({}, (name) => tagFunction(source, name, objects));
  const choices = objects.members.map(({ values: own, type }) =>
    `${own.map((value) => `case ${values.indexOf(value)}:`).join(" ")} {\n${source.read(type, target, at)}break;\n}\n`
  );
  const names = quote(values.map((value) => JSON.stringify(value)).join(" | "));
  const place = `${at} + ${propertySuffix(objects.property)}`;
  const refusal = program.refuse(() =>
    `n < 0 ? mismatch(${place}, ${names}, undefined) : wireMismatch(${place}, ${names}, s, n)`
  );
  return `n = B[p] < 144 && ${equals(program, key, 1)} ? p + ${key.length + 1} : findValue(s, p, ${keyName});
switch (${tag}(s, n)) {
${choices.join("")}default: ${refusal}}\n`;
}

/** The function that tells which literal stands at a position: its index, or -1. */
function tagFunction(source: DecoderSource, name: string, objects: NonNullable<UnionPlan["objects"]>): string {
  const { program } = source;
  const values = objects.members.flatMap((member) => member.values);
  const comparisons = values.slice(0, COMPARED_LITERALS_MAX).map((value, index) =>
    typeof value === "string" ? `if (${equals(program, textBytes(value))}) return ${index};\n` : ""
  );
  const literals = program.constant(
    `indexes ${JSON.stringify(values)}`,
    () => new Map<unknown, number>(values.map((value, index) => [value, index])),
  );
  return `function ${name}(s, p) {
if (p < 0) return -1;
const B = s.bytes;
${comparisons.join("")}const position = s.position;
s.position = p;
const value = readLiteral(s);
s.position = position;
const index = ${literals}.get(value);
return index === undefined ? -1 : index;
}`;
}
