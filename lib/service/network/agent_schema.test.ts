import { expect, test } from "bun:test";
import { NUCLEUS_SCHEMA } from "../../nucleus/client/mod.ts";
import { compareMethods } from "../../schema/compatibility/mod.ts";
import { agentSchema } from "./agent_schema.ts";

test("what is asked of the agent fits what it answers", () => {
  const { methods, types } = agentSchema();
  expect(Object.keys(methods).length).toBeGreaterThan(5);
  for (const [name, method] of Object.entries(methods)) {
    const served = NUCLEUS_SCHEMA.methods[name];
    expect(served, name).toBeDefined();
    const changes = compareMethods({ method, types }, { method: served!, types: NUCLEUS_SCHEMA.types });
    expect(changes.filter(({ compatible }) => !compatible), name).toEqual([]);
  }
});
