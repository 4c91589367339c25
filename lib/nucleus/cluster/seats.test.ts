import { expect, test } from "bun:test";
import { Seats } from "./seats.ts";

test("no node takes the seats of all others, and all together take no more than there are", () => {
  const seats = new Seats({ max: 3, nodeMax: 2 });
  const first = seats.take("a", "relaying");
  seats.take("a", "relaying");
  expect(() => seats.take("a", "relaying")).toThrow("relaying: this node has 2 such connections open already");
  seats.take("b", "relaying");
  expect(() => seats.take("c", "relaying")).toThrow("relaying: 3 such connections are open already");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(seats.taken).toBe(2);
  seats.take("c", "relaying");
});
