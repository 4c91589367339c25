import { expect, test } from "bun:test";
import { finishSchema } from "../../schema/mod.ts";
import { SCHEMAS_KEPT_MAX, type SchemaSources, SpeciesSchemas } from "./species_schemas.ts";

function schema(result: "string" | "number") {
  return finishSchema({ name: "hello", methods: { ask: { params: [], result: { kind: result } } }, types: {} });
}

/** Sources of which each says what it was asked. */
function world(overrides: Partial<SchemaSources> = {}) {
  const asked: string[] = [];
  const schemas = new SpeciesSchemas({
    deployed: (species) => Promise.resolve(void asked.push(`deployed ${species}`)),
    servedHere: () => undefined,
    holdersOf: () => [],
    ask: () => Promise.resolve(""),
    ...overrides,
  });
  return { schemas, asked };
}

test("a node that tells another schema than it was asked for is not believed, and the next one is asked", async () => {
  const { species } = schema("string");
  const asked: string[] = [];
  const { schemas } = world({
    holdersOf: () => ["liar", "garbled", "dead", "honest"],
    ask: (node) => {
      asked.push(node);
      if (node === "dead") return Promise.reject(new Error("nobody answers"));
      if (node === "garbled") return Promise.resolve("{");
      return Promise.resolve(JSON.stringify(schema(node === "liar" ? "number" : "string")));
    },
  });
  expect(await schemas.find(species)).toBe(JSON.stringify(schema("string")));
  expect(asked).toEqual(["liar", "garbled", "dead", "honest"]);
  await schemas.find(species);
  expect(asked).toHaveLength(4);
});

test("all that ask for one schema at the same time share one look, and what nobody has is looked for again", async () => {
  const { schemas, asked } = world();
  expect(new Set(await Promise.all(Array.from({ length: 100 }, () => schemas.find("s"))))).toEqual(
    new Set([undefined]),
  );
  expect(asked).toEqual(["deployed s"]);
  await schemas.find("s");
  expect(asked).toHaveLength(2);
});

test("no more schemas are kept than the bound, and the oldest goes", async () => {
  const asked: string[] = [];
  const { schemas } = world({ deployed: (species) => Promise.resolve(asked.push(species) > 0 ? "text" : "") });
  for (let index = 0; index <= SCHEMAS_KEPT_MAX; index++) await schemas.own(`s${index}`);
  await schemas.own(`s${SCHEMAS_KEPT_MAX}`);
  expect(asked).toHaveLength(SCHEMAS_KEPT_MAX + 1);
  await schemas.own("s0");
  expect(asked).toHaveLength(SCHEMAS_KEPT_MAX + 2);
});
