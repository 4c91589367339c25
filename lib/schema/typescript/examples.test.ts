import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { declareModule } from "../print/mod.ts";
import type { Schema, Type } from "../schema.ts";
import { readSource, readTwice, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

const examples = join(import.meta.dir, "../../../examples");

/** Every type that a schema mentions. */
function typesIn(schema: Schema): Type[] {
  const found: Type[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("kind" in value && typeof value.kind === "string") found.push(value as Type);
    for (const part of Object.values(value)) visit(part);
  };
  visit([schema.methods, schema.types]);
  return found;
}

test("the examples that call no other service are services", async () => {
  for (const name of ["counter", "hello", "ledger", "telemetry"]) {
    const { schema } = await readTwice(join(examples, `${name}.ts`));
    expect(Object.keys(schema.methods).length).toBeGreaterThan(0);
  }
});

test("the catalogue of types has every kind, every number format, every constraint and every way to stream", async () => {
  const { schema } = await readTwice(join(examples, "types.ts"));
  const methods = Object.values(schema.methods);
  expect(methods.length).toBeGreaterThanOrEqual(25);
  const types = typesIn(schema);
  expect([...new Set(types.map(({ kind }) => kind))].sort()).toEqual([
    "array",
    "bigint",
    "bigintLiteral",
    "boolean",
    "bytes",
    "date",
    "integer",
    "literal",
    "map",
    "null",
    "number",
    "object",
    "ref",
    "set",
    "string",
    "tuple",
    "undefined",
    "union",
    "unknown",
  ]);
  const formats = types.flatMap((type) => "format" in type && type.format !== undefined ? [type.format] : []);
  expect([...new Set<string>(formats)].sort()).toEqual(["f32", "i16", "i32", "i64", "i8", "u16", "u32", "u64", "u8"]);
  for (const constraint of ["minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems"]) {
    expect(types.some((type) => constraint in type), constraint).toBe(true);
  }
  const streams = methods.map(({ params, resultStream }) =>
    `${params.some(({ stream }) => stream) ? "in" : ""}${resultStream ? "out" : ""}`
  );
  expect([...new Set(streams)].sort()).toEqual(["", "in", "inout", "out"]);
});

test("what is declared of a service for its callers reads as that service", async () => {
  const { schema } = await readTwice(join(examples, "types.ts"), { name: "types" });
  const declarations = declareModule(schema);
  const again = await readSource(`export * from "cell:types";`, { remoteDeclarations: () => declarations });
  const genes = (methods: Schema["methods"]) => Object.entries(methods).map(([name, { gene }]) => `${name} ${gene}`);
  // A pattern without a name has no place in a declaration.
  const { room: _, ...original } = schema.methods;
  const { room: __, ...declared } = again.schema.methods;
  expect(genes(declared)).toEqual(genes(original));
});
