import { expect, test } from "bun:test";
import { drainMicrotasks } from "./mod.ts";

test("what promises wait for runs before the call returns", () => {
  const order: string[] = [];
  void (async () => {
    for (const name of ["first", "second", "third"]) {
      await undefined;
      order.push(name);
    }
  })();
  expect(order).toEqual([]);
  drainMicrotasks();
  expect(order).toEqual(["first", "second", "third"]);
});
