import { beforeEach, expect, test } from "bun:test";
import { HURRY_MS, Knocker } from "./knocker.ts";
import { Resolver } from "./resolver.ts";
import { formatAddress } from "./socket_address.ts";

const hellos: string[] = [];
const exchanges: string[] = [];
const members = new Set<string>();
let isAlone: boolean;
let hasKey: boolean;
let nowMs: number;

beforeEach(() => {
  for (const list of [hellos, exchanges]) list.length = 0;
  members.clear();
  [isAlone, hasKey, nowMs] = [true, true, 0];
});

function knocker(seeds: string[], remembered: string[] = []): Knocker {
  const hands = {
    isAlone: () => isAlone,
    hasKey: () => hasKey,
    isMemberAt: (address: string) => members.has(address),
    sayHello: (to: { host: string; port: number }) => hellos.push(formatAddress(to)),
    exchange: ({ hosts, nodePort }: { hosts: readonly string[]; nodePort: number }) =>
      exchanges.push(`${hosts[0]}:${nodePort}`),
    random: () => 0.5,
    steadyMs: () => nowMs,
  };
  const names = new Resolver(
    () => nowMs,
    (name) => Promise.resolve(name === "two.example" ? ["192.0.2.1", "192.0.2.2"] : []),
  );
  return new Knocker(hands, names, seeds, remembered);
}

/** Knocks so many rounds, and lets names be looked up in between. */
async function rounds(one: Knocker, count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    one.knockAround();
    await new Promise(setImmediate);
  }
}

test("every address of a name is knocked at, but that of a member and of this node", async () => {
  members.add("192.0.2.2:9044");
  await rounds(knocker(["two.example:9044", "none.example:9044"], ["192.0.2.3:1"]), 1);
  expect(hellos.sort()).toEqual(["192.0.2.1:9044", "192.0.2.3:1"]);
});

test("who knocks in vain tries a stream after two rounds, where a node port is known or usual", async () => {
  const one = knocker(["192.0.2.1:9044", "192.0.2.2:1000"], ["192.0.2.3:1000/2000"]);
  await rounds(one, 2);
  expect(exchanges).toEqual([]);
  await rounds(one, 1);
  expect(exchanges.sort()).toEqual(["192.0.2.1:9043", "192.0.2.3:2000"]);
});

test("a node without a key tries a stream at once, one that is not alone never", async () => {
  hasKey = false;
  await rounds(knocker(["192.0.2.1:1/2"]), 1);
  expect(exchanges).toEqual(["192.0.2.1:2"]);
  [hasKey, isAlone] = [true, false];
  await rounds(knocker(["192.0.2.1:1/2"]), 5);
  expect(exchanges).toHaveLength(1);
});

test("rounds become rare, and are hurried when nobody is left", async () => {
  const one = knocker(["192.0.2.1:1"]);
  await rounds(one, 5);
  expect(one.nextAtMs).toBe(8000);
  nowMs = 1_000;
  one.hurry();
  expect(one.nextAtMs).toBe(nowMs);
  await rounds(one, 1);
  expect(one.nextAtMs).toBe(nowMs + 500);
});

test("nothing is said after it was stopped, not even to a name that was being looked up", async () => {
  const one = knocker(["two.example:1"]);
  one.knockAround();
  one.stop();
  await new Promise(setImmediate);
  expect(hellos).toEqual([]);
});

test("what is no contact is given back", () => {
  expect(knocker([]).knockAt(["192.0.2.1:1", "nothing", "x:0"])).toEqual(["nothing", "x:0"]);
});

test("however often a node becomes alone, because a member comes and goes, it knocks no faster than in its first round", () => {
  const one = knocker(["192.0.2.3:1"]);
  let knocks = 0;
  for (nowMs = 0; nowMs < 10_000; nowMs += 10) {
    one.hurry();
    if (nowMs < one.nextAtMs) continue;
    one.knockAround();
    knocks++;
  }
  expect(knocks).toBe(10_000 / HURRY_MS);
});
