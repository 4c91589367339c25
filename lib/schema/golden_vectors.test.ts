import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Writer } from "../base/mod.ts";
import { compileCodec, compileMethod } from "./codec/mod.ts";
import { canonicalMethod } from "./fingerprint.ts";
import { goldenVectors } from "./golden_vectors.ts";
import { parseSchema } from "./parse.ts";
import type { Definitions, Param, Type } from "./schema.ts";
import { fromTaggedJson, toTaggedJson } from "./tagged_json.ts";
import { schema, undefinedType } from "./type_builders.ts";

const folder = join(import.meta.dir, "../../docs/vectors");

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

describe("the golden vectors", () => {
  for (const [file, text] of Object.entries(goldenVectors())) {
    test(`${file} is what the code makes; "make vectors" writes it again`, () => {
      expect(readFileSync(join(folder, file), "utf8")).toBe(text);
    });
  }

  test("hold values that are written as the bytes beside them, and read from them", () => {
    interface Case {
      name: string;
      type: Type;
      types?: Definitions;
      value: unknown;
      bytes: string;
      alsoReads?: string[];
    }
    const { values } = read<{ values: Case[] }>("values.json");
    expect(values.length).toBeGreaterThan(70);
    for (const { name, type, types = {}, value, bytes, alsoReads = [] } of values) {
      const codec = compileCodec(type, types, "value");
      const writer = new Writer();
      codec.encode(fromTaggedJson(value), writer);
      expect([name, writer.written().toHex()]).toEqual([name, bytes]);
      for (const form of [bytes, ...alsoReads]) {
        const frame = Uint8Array.fromHex(form);
        const back = codec.decode(frame, 0, frame.length);
        expect([name, form, isDeepStrictEqual(back, fromTaggedJson(value))]).toEqual([name, form, true]);
      }
    }
  });

  test("hold arguments likewise", () => {
    interface Case {
      name: string;
      params: Param[];
      args: unknown;
      bytes: string;
      alsoReads?: string[];
    }
    for (const { name, params, args, bytes, alsoReads = [] } of read<{ arguments: Case[] }>("values.json").arguments) {
      const codec = compileMethod(schema({ f: { params, result: undefinedType } }), "f").args;
      const writer = new Writer();
      codec.encode(fromTaggedJson(args) as unknown[], writer);
      expect([name, writer.written().toHex()]).toEqual([name, bytes]);
      for (const form of [bytes, ...alsoReads]) {
        const frame = Uint8Array.fromHex(form);
        // A trailing nil stands for an argument that was left out.
        const back = codec.decode(frame, 0, frame.length);
        while (back.length > (args as unknown[]).length && back.at(-1) === undefined) back.pop();
        expect([name, toTaggedJson(back)]).toEqual([name, args]);
      }
    }
  });

  test("hold bytes that are refused", () => {
    interface Case {
      name: string;
      type: Type;
      types?: Definitions;
      bytes: string;
      error: string;
    }
    const { refused } = read<{ refused: Case[] }>("refused.json");
    expect(refused.length).toBeGreaterThan(40);
    for (const { type, types = {}, bytes, error } of refused) {
      const frame = Uint8Array.fromHex(bytes);
      expect(() => compileCodec(type, types, "value").decode(frame, 0, frame.length)).toThrow(error);
    }
  });

  test("hold schemas that are valid, with their canonical forms", () => {
    const { schemas } = read<{ schemas: { schema: unknown; canonical: { [name: string]: string } }[] }>("schemas.json");
    for (const { schema: document, canonical } of schemas) {
      const parsed = parseSchema(document);
      for (const [name, text] of Object.entries(canonical)) {
        expect(canonicalMethod(parsed.methods[name]!, parsed.types)).toBe(text);
      }
    }
  });
});

test("the document in docs/schema.md is valid", () => {
  const page = readFileSync(join(import.meta.dir, "../../docs/schema.md"), "utf8");
  const [, text] = /```json\n([^]*?)```/.exec(page)!;
  const parsed = parseSchema(JSON.parse(text!));
  expect(Object.keys(parsed.methods)).toEqual(["greet"]);
  expect(page).toContain("`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`");
});
