import { afterEach, expect, test } from "bun:test";
import { workerEnvironment } from "./environment.ts";

const saved = process.env["CELL_TRANSPORT"];
afterEach(() => {
  if (saved === undefined) delete process.env["CELL_TRANSPORT"];
  else process.env["CELL_TRANSPORT"] = saved;
});

test("a worker's calls take the transport that the agent was started with, unless its deploy says another one", () => {
  process.env["CELL_TRANSPORT"] = "uds";
  expect(workerEnvironment("hello@1", {})).toMatchObject({ CELL_TRANSPORT: "uds", CELL_INSTANCE: "hello@1" });
  expect(workerEnvironment("hello@1", { CELL_TRANSPORT: "shm" })).toMatchObject({ CELL_TRANSPORT: "shm" });
});
