import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSchema } from "../../schema/mod.ts";
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
