import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { finishSchema } from "../schema/mod.ts";
import { connectService, holders } from "../service/mod.ts";
import { TestHome } from "../service/testing/mod.ts";
import { hostRole, type Role, type RoleHost } from "./mod.ts";

const schema = finishSchema({
  name: "census",
  methods: { count: { params: [], result: { kind: "number" } } },
  types: {},
});

class Census implements Role {
  readonly name = "census";
  readonly schema = schema;
  readonly steps: string[] = [];
  host: RoleHost | undefined;
  failure: Error | undefined;
  ending = Promise.withResolvers<void>();

  start(host: RoleHost): Promise<readonly object[]> {
    this.steps.push("start");
    this.host = host;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve([{ count: () => this.steps.length }]);
  }

  serving(): void {
    this.steps.push("serving");
  }

  stop(): Promise<void> {
    this.steps.push("stop");
    return this.ending.promise;
  }
}

const log = () => {};

test("a role answers calls under its name, and two processes cannot play it at once", async () => {
  await using _home = new TestHome();
  const role = new Census();
  const hosted = await hostRole(role, { log });
  const client = await connectService("census");
  expect(await client.call("count", [])).toBe(2);
  const second = new Census();
  await expect(hostRole(second, { log })).rejects.toThrow(`census is already served by pid ${process.pid}`);
  expect(second.steps).toEqual([]);
  await client.close();
  role.ending.resolve();
  await hosted.end();
  expect(role.steps).toEqual(["start", "serving", "stop"]);
  expect(holders()).toEqual([]);
});

test("a role that ends answers calls until it has stopped, and keeps its name until then", async () => {
  await using _home = new TestHome();
  const role = new Census();
  const hosted = await hostRole(role, { log });
  const client = await connectService("census");
  role.host?.end();
  expect(await client.call("count", [])).toBe(3);
  expect(holders().map(({ service }) => service)).toEqual(["census"]);
  role.ending.resolve();
  await hosted.ended;
  expect(holders()).toEqual([]);
  await expect(client.call("count", [], { timeoutMs: 50 })).rejects.toBeInstanceOf(CellError);
  await client.close();
});

test("a role that fails to start says why and gives its name back", async () => {
  await using _home = new TestHome();
  const role = new Census();
  role.failure = new Error("no census today");
  await expect(hostRole(role, { log })).rejects.toThrow("no census today");
  expect(holders()).toEqual([]);
});

test("a role without a function for a method of its schema is refused, and stopped again", async () => {
  await using _home = new TestHome();
  const role = new Census();
  role.start = () => Promise.resolve([{}]);
  role.ending.resolve();
  await expect(hostRole(role, { log })).rejects.toThrow("the role census has a method count");
  expect(role.steps).toEqual(["stop"]);
  expect(holders()).toEqual([]);
});
