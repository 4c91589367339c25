import { expect, test } from "bun:test";
import { Greeter, GREETINGS_MAX, type Heard } from "./greeter.ts";
import type { NodeRecord } from "./node_record.ts";

const known = new Set<string>();

function greeter(): Greeter {
  known.clear();
  return new Greeter(({ nodeId }) => known.has(nodeId), () => 0.5);
}

function heard(nodeId: string, more: Partial<Heard> = {}): Heard {
  const record = { nodeId } as NodeRecord;
  return { record, from: { host: "192.0.2.7", port: 1 }, wantsAnswer: true, isMulticast: true, ...more };
}

test("a newcomer is answered after a time that grows with the number of members, then connected to if it did not come", () => {
  const greeting = greeter();
  greeting.hear(heard("ada"), 100, 0);
  expect(greeting.nextAtMs).toBe(1000);
  expect(greeting.take(999)).toEqual([]);
  expect(greeting.take(1000).map(({ kind }) => kind)).toEqual(["answer"]);
  expect(greeting.nextAtMs).toBe(2500);
  expect(greeting.take(2500).map(({ kind }) => kind)).toEqual(["connect"]);
  expect(greeting.nextAtMs).toBe(Infinity);
});

test("a newcomer that became known meanwhile is left alone, before the answer and after", () => {
  const greeting = greeter();
  greeting.hear(heard("ada"), 100, 0);
  known.add("ada");
  expect(greeting.take(1000)).toEqual([]);
  known.clear();
  greeting.hear(heard("ada"), 1, 2000);
  expect(greeting.take(3000).map(({ kind }) => kind)).toEqual(["answer"]);
  known.add("ada");
  expect(greeting.take(9000)).toEqual([]);
});

test("the wait is bounded however many members there are", () => {
  const greeting = greeter();
  greeting.hear(heard("ada"), 10_000, 0);
  expect(greeting.nextAtMs).toBe(1500);
});

test("who answers is connected to at once, unless it is known", () => {
  const greeting = greeter();
  greeting.hear(heard("ada", { wantsAnswer: false }), 1, 5);
  expect(greeting.take(5).map(({ kind }) => kind)).toEqual(["connect"]);
  known.add("bob");
  greeting.hear(heard("bob", { wantsAnswer: false }), 1, 5);
  expect(greeting.nextAtMs).toBe(Infinity);
});

test("a known member that says hello to all is left alone; one that knocks at this node does not know it, and is answered", () => {
  const greeting = greeter();
  known.add("ada");
  greeting.hear(heard("ada"), 5, 0);
  expect(greeting.nextAtMs).toBe(Infinity);
  greeting.hear(heard("ada", { isMulticast: false }), 5, 0);
  expect(greeting.take(0).map(({ kind }) => kind)).toEqual(["answer"]);
  expect(greeting.take(9000), "it is known: nobody connects to it").toEqual([]);
});

test("one greeting for each newcomer is under way, and a bounded number altogether", () => {
  const greeting = greeter();
  for (let index = 0; index < 3 * GREETINGS_MAX; index++) {
    greeting.hear(heard(`n${index}`), 1, 0);
    greeting.hear(heard(`n${index}`), 1, 0);
  }
  expect(greeting.take(10)).toHaveLength(GREETINGS_MAX);
});
