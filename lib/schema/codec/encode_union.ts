import { type ResolvedType, unionMembers } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { unionPlan } from "../union.ts";
import { propertyValue } from "./encode_object.ts";
import { literal, storeBigint, storeNumber, storeText } from "./encode_scalars.ts";
import type { EncoderSource } from "./encoder.ts";
import { NUMBER_BYTES_MAX } from "./number.ts";
import { choice, NIL, type Piece, sequence } from "./piece.ts";
import { type Program, propertySuffix, quote } from "./program.ts";

/** Checks and writes a union. `T | null` is a test in front of T; everything else is worth a function. */
export function unionPiece(
  source: EncoderSource,
  written: Type,
  type: Extract<ResolvedType, { kind: "union" }>,
  value: string,
  at: string,
): Piece {
  const { program } = source;
  const members = unionMembers(type, program.definitions);
  const others = members.filter((member) => member.kind !== "null" && member.kind !== "undefined");
  const nil = members.filter((member) => member.kind === "null" || member.kind === "undefined");
  if (others.length === 1 && nil.length > 0) {
    const condition = nil.map((member) => `${value} === ${member.kind}`).join(" || ");
    return choice(program, condition, NIL, source.write(others[0]!, value, at, written));
  }
  return source.call(source.functionOf(written, type), value, at, "d");
}

/** The body of the function for a union: one branch for each way in which a value may be told from others. */
export function unionBody(source: EncoderSource, written: Type, value: string, at: string): Piece {
  const { program } = source;
  const plan = unionPlan(written, program.definitions);
  const cases: [condition: string, piece: Piece][] = [];
  if (plan.admitsNull) cases.push([`${value} === null`, NIL]);
  if (plan.admitsUndefined) cases.push([`${value} === undefined`, NIL]);
  for (const item of plan.booleans) cases.push([`${value} === ${item}`, { fixed: [item ? 0xc3 : 0xc2] }]);
  if (plan.strings.length > 0) {
    cases.push([isOneOf(program, value, plan.strings), { code: storeText(source, value, at), bytesMax: undefined }]);
  }
  if (plan.string !== undefined) cases.push([`typeof ${value} === "string"`, source.write(plan.string, value, at)]);
  if (plan.numbers.length > 0) {
    cases.push([
      isOneOf(program, value, plan.numbers),
      { code: storeNumber({ kind: "number" }, value), bytesMax: NUMBER_BYTES_MAX },
    ]);
  }
  if (plan.number !== undefined) cases.push([`typeof ${value} === "number"`, source.write(plan.number, value, at)]);
  if (plan.bigints.length > 0) {
    cases.push([
      isOneOf(program, value, plan.bigints.map(BigInt)),
      { code: storeBigint(undefined, value), bytesMax: NUMBER_BYTES_MAX },
    ]);
  }
  if (plan.bigint !== undefined) cases.push([`typeof ${value} === "bigint"`, source.write(plan.bigint, value, at)]);
  if (plan.bytes !== undefined) cases.push([`${value} instanceof Uint8Array`, source.write(plan.bytes, value, at)]);
  if (plan.date !== undefined) cases.push([`${value} instanceof Date`, source.write(plan.date, value, at)]);
  if (plan.list !== undefined) {
    const test = plan.list.kind === "set" ? `${value} instanceof Set` : `Array.isArray(${value})`;
    cases.push([test, source.write(plan.list, value, at)]);
  }
  if (plan.map !== undefined) {
    const test = plan.map.kind === "map"
      ? `${value} instanceof Map`
      : `typeof ${value} === "object" && ${value} !== null && !isContainer(${value})`;
    cases.push([test, source.write(plan.map, value, at)]);
  }
  if (plan.objects !== undefined) {
    const { property, members } = plan.objects;
    const tag = program.local();
    const choices = members.map(({ values, type }) =>
      `${values.map((item) => `case ${literal(item)}:`).join(" ")} {\n${
        sequence(program, [source.write(type, value, at)])
      }break;\n}\n`
    );
    const refusal = program.refuse(() =>
      `mismatch(${at} + ${propertySuffix(property)}, ${
        quote(members.flatMap((member) => member.values).map((item) => JSON.stringify(item)).join(" | "))
      }, ${tag})`
    );
    cases.push([
      `typeof ${value} === "object" && ${value} !== null`,
      {
        code: `const ${tag} = ${propertyValue(property, value)};
switch (${tag}) {
${choices.join("")}default: ${refusal}}\n`,
        bytesMax: undefined,
      },
    ]);
  }
  const branches = cases.map(([condition, piece]) => `if (${condition}) {\n${sequence(program, [piece])}} else `);
  const refusal = program.refuse(() => `mismatch(${at}, ${program.expected(written)}, ${value})`);
  return { code: `${branches.join("")}${refusal}`, bytesMax: undefined };
}

/** Up to here comparing with one value after the other beats looking it up in a set. */
const COMPARED_MAX = 8;

function isOneOf(program: Program, value: string, values: readonly (string | number | bigint)[]): string {
  if (values.length > COMPARED_MAX) {
    const key = values.map((item) => `${typeof item} ${JSON.stringify(String(item))}`);
    const set = program.constant(`set ${key}`, () => new Set(values));
    return `${set}.has(${value})`;
  }
  const show = (item: string | number | bigint): string =>
    typeof item === "string" ? quote(item) : typeof item === "bigint" ? `${item}n` : `${item}`;
  return values.map((item) => `${value} === ${show(item)}`).join(" || ");
}
