import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import type { CatalogInstance } from "../client/mod.ts";
import { Changes } from "./changes.ts";
import { Lookup } from "./lookup.ts";
import type { PeerCalls } from "./peers.ts";

/** A cluster of another node, which has `hello` asleep; `asked` tells what it was asked. */
function world(overrides: { startsHere?: boolean; isGone?: boolean; isStopped?: boolean } = {}) {
  const asked: string[] = [];
  const changes = new Changes();
  const ending = new AbortController();
  const running: string[] = [];
  const agent = {
    has: (service: string) => {
      asked.push(`has ${service}`);
      if (overrides.isStopped) return Promise.reject(new CellError("FAILED_PRECONDITION", `${service} is stopped`));
      return Promise.resolve(service === "hello");
    },
    wake: (service: string) => {
      asked.push(`wake ${service}`);
      queueMicrotask(() => {
        running.push(service);
        changes.ring(service);
      });
      return Promise.resolve(true);
    },
  } as unknown as PeerCalls;
  const lookup = new Lookup({
    neighbours: {
      instances: (service) =>
        running.filter((one) => one === service).map((one) => ({ service: one }) as CatalogInstance),
      hasInstance: (service) => running.includes(service),
      living: () => ["b"],
      nameOf: () => "board",
      agentOf: () => {
        if (overrides.isGone) throw new Error("it is no member of the cluster");
        return agent;
      },
    },
    node: { startsHere: () => overrides.startsHere ?? false },
    changes,
    ended: ending.signal,
  });
  return { lookup, asked, running, ending };
}

test("what sleeps on another node is woken there, and given when it is in the catalog", async () => {
  const { lookup, asked } = world();
  expect(await lookup.find("hello")).toEqual([{ service: "hello" } as CatalogInstance]);
  expect(asked).toEqual(["has hello", "wake hello"]);
});

test("what runs elsewhere is given without asking anybody", async () => {
  const { lookup, asked, running } = world();
  running.push("hello");
  expect(await lookup.find("hello")).toHaveLength(1);
  expect(asked).toEqual([]);
});

test("what sleeps on this node is started here, and on no other node besides", async () => {
  const { lookup, asked } = world({ startsHere: true });
  expect(await lookup.find("hello")).toEqual([]);
  expect(asked).toEqual([]);
});

test("what can be no name is asked of nobody and remembered by nobody", async () => {
  const { lookup, asked } = world();
  await expect(lookup.find("x".repeat(1_000_000))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(asked).toEqual([]);
});

test("a node that has gone in this moment is one that has nothing", async () => {
  expect(await world({ isGone: true }).lookup.find("hello")).toEqual([]);
});

test("who calls what is stopped on another node is told where, and what starts it", async () => {
  const { lookup, asked } = world({ isStopped: true });
  await expect(lookup.find("hello")).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: "hello is stopped on node board: cell restart hello --on board starts it again",
    data: { started: false },
  });
  expect(asked).toEqual(["has hello"]);
});
