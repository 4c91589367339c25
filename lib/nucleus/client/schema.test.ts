import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compareMethods, parseSchema, type Schema } from "../../schema/mod.ts";
import { generateSchema } from "./generate_schema.ts";
import { NUCLEUS_SCHEMA } from "./schema.ts";

// The compiler that is loaded takes seconds on a busy machine.
setDefaultTimeout(120_000);

test('schema.json is what api.ts says; "make vectors" writes it again', async () => {
  expect(readFileSync(join(import.meta.dir, "schema.json"), "utf8")).toBe(await generateSchema());
});

test("schema.json is a valid schema with the fingerprints that it claims", () => {
  expect(parseSchema(NUCLEUS_SCHEMA)).toEqual(NUCLEUS_SCHEMA);
});

test("a command and an agent from before suspects were told of, and those of now, understand each other", () => {
  const before: Schema = structuredClone(NUCLEUS_SCHEMA);
  const { type } = before.types["CatalogInstance"]!;
  if (type.kind !== "object" || !delete type.properties["isSilent"]) throw new Error("there is no such property");
  const words = ["up", "degraded", "down"].map((value) => ({ kind: "literal" as const, value }));
  before.types["InstanceHealth"] = { type: { kind: "union", members: words } };
  for (const [caller, server] of [[before, NUCLEUS_SCHEMA], [NUCLEUS_SCHEMA, before]] as const) {
    for (const name of ["discover", "lookup", "watch"]) {
      const [asked, served] = [caller, server].map(({ methods, types }) => ({ method: methods[name]!, types }));
      expect(compareMethods(asked!, served!).filter(({ compatible }) => !compatible), name).toEqual([]);
    }
  }
});
