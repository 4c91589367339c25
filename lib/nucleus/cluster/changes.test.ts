import { expect, test } from "bun:test";
import { Changes } from "./changes.ts";

test("who follows one service hears of it and of what concerns all, and not of others", () => {
  const changes = new Changes();
  using hello = changes.follow("hello");
  using all = changes.follow(undefined);
  changes.ring("other");
  expect([hello.bell.count, all.bell.count]).toEqual([0, 1]);
  changes.ring("hello");
  changes.ring();
  expect([hello.bell.count, all.bell.count]).toEqual([2, 3]);
});

test("who follows what a node has hears of its change, each once, and who follows everything", () => {
  const changes = new Changes();
  using hello = changes.follow("hello");
  using other = changes.follow("other");
  using all = changes.follow(undefined);
  changes.ringEach(["hello", "nobody's"]);
  changes.ringEach([]);
  expect([hello.bell.count, other.bell.count, all.bell.count]).toEqual([1, 0, 2]);
});

test("a service that nobody follows any more takes no room", () => {
  const changes = new Changes();
  const both = [changes.follow("hello"), changes.follow("hello")];
  expect(both[0]!.bell).toBe(both[1]!.bell);
  both[0]![Symbol.dispose]();
  both[0]![Symbol.dispose]();
  expect(changes.size).toBe(1);
  both[1]![Symbol.dispose]();
  expect(changes.size).toBe(0);
});
