import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writer } from "../base/mod.ts";
import {
  compileCodec,
  compileMethod,
  type Definitions,
  randomValue,
  resolve,
  type Schema,
  type Type,
  unionPlan,
} from "../schema/mod.ts";
import { readService } from "../schema/typescript/mod.ts";
import { exampleWords, fromJson, parseJson, readArguments, toJson } from "./mod.ts";

/** There is much to try, on a machine that may be busy. */
setDefaultTimeout(120_000);

const VALUES_PER_TYPE = 100;

let schema: Schema;
beforeAll(async () => {
  const file = join(import.meta.dir, "../../examples/types.ts");
  schema = (await readService(file, { name: "types", remoteDeclarations: () => undefined })).schema;
});

/** Numbers from 0 to below 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whether JSON loses which type a value has: in `unknown`, and where text stands beside what is written as text. */
function isLossy(type: Type, definitions: Definitions, seen = new Set<Type>()): boolean {
  const resolved = resolve(type, definitions);
  if (seen.has(resolved)) return false;
  seen.add(resolved);
  if (resolved.kind === "unknown") return true;
  const plan = unionPlan(resolved, definitions);
  const writtenAsText = plan.date ?? plan.bytes ?? plan.bigint ?? plan.number ?? plan.bigints[0];
  const text = plan.string ?? plan.strings[0];
  if (text !== undefined && writtenAsText !== undefined) return true;
  const textual = [plan.date, plan.bytes, plan.bigint, plan.number].filter((member) => member !== undefined);
  if (textual.length > 1) return true;
  const { list, map, objects } = plan;
  const parts: Type[] = [
    ...(list?.kind === "tuple" ? [...list.items.map((item) => item.type), ...(list.rest ? [list.rest] : [])] : []),
    ...(list === undefined || list.kind === "tuple" ? [] : [list.items]),
    ...(map?.kind === "map" ? [map.key, map.value] : []),
    ...(map?.kind === "object"
      ? [...Object.values(map.properties).map((p) => p.type), ...(map.index ? [map.index] : [])]
      : []),
    ...(objects?.members.map((member) => member.type) ?? []),
  ];
  return parts.some((part) => isLossy(part, definitions, seen));
}

test("any value of any type that is written as JSON reads back as the same value", () => {
  const random = seeded(1);
  let checked = 0;
  for (const [name, method] of Object.entries(schema.methods)) {
    for (const type of [...method.params.map((param) => param.type), method.result]) {
      if (isLossy(type, schema.types)) continue;
      const codec = compileCodec(type, schema.types, "value");
      // What arrives at the other end: the order of an object's keys does not matter there.
      const arrived = (value: unknown): unknown => {
        const writer = new Writer();
        codec.encode(value, writer);
        return codec.decode(writer.bytes, 0, writer.length);
      };
      for (let count = 0; count < VALUES_PER_TYPE; count++) {
        const value = randomValue(type, schema.types, random);
        const json = JSON.stringify(toJson(value, type, schema.types));
        const back = fromJson(parseJson(json, "json"), type, schema.types, "value");
        expect(arrived(back), `${name}: ${json}`).toEqual(arrived(value));
        checked++;
      }
    }
  }
  expect(checked).toBeGreaterThan(50 * VALUES_PER_TYPE);
});

test("the example of every method is a call that its codec takes", () => {
  const file = join(mkdtempSync(join(tmpdir(), "cell-")), "file");
  writeFileSync(file, "some bytes");
  try {
    for (const [name, method] of Object.entries(schema.methods)) {
      const words = exampleWords(method, schema.types).map((word) =>
        word.replace("@file", `@${file}`).replace(/^'(.*)'$/, "$1")
      );
      const { args } = readArguments(words, name, method, schema.types);
      expect(() => compileMethod(schema, name).args.encode(args, new Writer()), words.join(" ")).not.toThrow();
    }
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
});
