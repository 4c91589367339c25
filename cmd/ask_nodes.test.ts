import { expect, test } from "bun:test";
import type { Member, NucleusClient } from "../lib/nucleus/client/mod.ts";
import { askNodes, NODES_AT_ONCE_MAX } from "./ask_nodes.ts";

function member(index: number): Member {
  return {
    name: `node-${index}`,
    id: `${index}`.padStart(32, "0"),
    address: "192.0.2.1:9043",
    state: "alive",
    sinceMs: 0,
    region: "default",
    zone: "default",
    version: "1",
    instances: 0,
    isAuthority: false,
    isSelf: false,
  };
}

/** Connections that are counted. */
class Connections {
  open = 0;
  most = 0;

  readonly connect = (): Promise<NucleusClient> => {
    this.most = Math.max(this.most, ++this.open);
    const close = (): Promise<void> => Promise.resolve(void this.open--);
    return Promise.resolve({ close } as unknown as NucleusClient);
  };
}

test("no more nodes than the bound are asked at once, all of them are, and answers keep their order", async () => {
  const connections = new Connections();
  const members = Array.from({ length: 3 * NODES_AT_ONCE_MAX }, (_, index) => member(index));
  const answers = await askNodes(
    members,
    async (_, { name }) => {
      await new Promise((resolve) => setImmediate(resolve));
      return name;
    },
    60_000,
    connections.connect,
  );
  expect(connections.most).toBe(NODES_AT_ONCE_MAX);
  expect(answers.map(({ value }) => value)).toEqual(members.map(({ name }) => name));
  expect(connections.open).toBe(0);
});

test("a node that fails, one that hangs and one that cannot be connected to are errors beside the others' answers", async () => {
  const connections = new Connections();
  const { promise: never } = Promise.withResolvers<never>();
  const answers = await askNodes(
    [0, 1, 2, 3].map(member),
    (_, { name }) => {
      if (name === "node-1") throw new Error("the disk is gone");
      return name === "node-2" ? never : Promise.resolve(name);
    },
    20,
    (id) => id.endsWith("3") ? Promise.reject(new Error("nobody answers")) : connections.connect(),
  );
  expect(answers.map(({ value, error }) => value ?? error?.message)).toEqual([
    "node-0",
    "the disk is gone",
    "asking node node-2 took longer than 20 ms",
    "nobody answers",
  ]);
  expect(connections.open).toBe(0);
});

test("a connection that comes too late is closed as well", async () => {
  const connections = new Connections();
  const late = Promise.withResolvers<NucleusClient>();
  const [answer] = await askNodes([member(0)], () => Promise.resolve("x"), 10, () => late.promise);
  expect(answer!.error?.message).toBe("connecting to node node-0 took longer than 10 ms");
  late.resolve(await connections.connect());
  await new Promise((resolve) => setImmediate(resolve));
  expect(connections.open).toBe(0);
});

test("nobody to ask has no answers", async () => {
  expect(await askNodes([], () => Promise.resolve(1))).toEqual([]);
});
