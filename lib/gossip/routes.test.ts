import { expect, test } from "bun:test";
import { Routes } from "./routes.ts";

const ADA = "aa".repeat(16);
const BOB = "bb".repeat(16);

test("a member is known by its first address and reached where it was heard from", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  expect(routes.resolve("192.0.2.7:9044")).toBe("192.0.2.7:9044");
  routes.heard(ADA, "198.51.100.7:9044", 0);
  expect(routes.resolve("192.0.2.7:9044")).toBe("198.51.100.7:9044");
});

test("an address that the member has not signed is not used", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7"], 9044);
  routes.heard(ADA, "203.0.113.66:9044", 0);
  routes.heard(ADA, "192.0.2.7:9999", 0);
  expect(routes.resolve("192.0.2.7:9044")).toBe("192.0.2.7:9044");
});

test("a member that does not answer is tried at its next address, and at the first after the last", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  routes.unanswered(ADA, 10_000);
  expect(routes.resolve("192.0.2.7:9044")).toBe("198.51.100.7:9044");
  routes.unanswered(ADA, 10_000);
  expect(routes.resolve("192.0.2.7:9044")).toBe("192.0.2.7:9044");
});

test("a new statement with the same addresses keeps what was found out; one with others begins anew", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  routes.unanswered(ADA, 10_000);
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  expect(routes.resolve("192.0.2.7:9044")).toBe("198.51.100.7:9044");
  routes.set(ADA, ["192.0.2.7"], 9045);
  expect(routes.resolve("192.0.2.7:9045")).toBe("192.0.2.7:9045");
  expect(routes.memberAt("198.51.100.7:9044")).toBeUndefined();
});

test("two members with one address do not take away each other's routes", () => {
  const routes = new Routes();
  routes.set(ADA, ["127.0.0.1"], 9044);
  routes.set(BOB, ["127.0.0.1"], 9044);
  expect(routes.memberAt("127.0.0.1:9044")).toBe(BOB);
  routes.delete(ADA);
  expect(routes.memberAt("127.0.0.1:9044")).toBe(BOB);
  routes.delete(BOB);
  expect([routes.memberAt("127.0.0.1:9044"), routes.size]).toEqual([undefined, 0]);
});

test("what is nobody's address is sent there", () => {
  expect(new Routes().resolve("192.0.2.7:1")).toBe("192.0.2.7:1");
});

test("an address from which a member was heard just now is not given up because something else got lost", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  routes.heard(ADA, "198.51.100.7:9044", 5000);
  routes.unanswered(ADA, 6999);
  expect(routes.resolve("192.0.2.7:9044")).toBe("198.51.100.7:9044");
  routes.unanswered(ADA, 7000);
  expect(routes.resolve("192.0.2.7:9044")).toBe("192.0.2.7:9044");
});

test("routes are bounded: the one that changed least recently makes room, with all of its addresses", () => {
  const routes = new Routes(2);
  for (const [index, id] of [ADA, BOB, "cc".repeat(16)].entries()) {
    routes.set(id, [`192.0.2.${index}`, `10.0.0.${index}`], 1);
  }
  expect(routes.size).toBe(2);
  expect(["192.0.2.0:1", "10.0.0.0:1", "10.0.0.1:1"].map((address) => routes.memberAt(address))).toEqual([
    undefined,
    undefined,
    BOB,
  ]);
});

test("a member that claims another one's address does not get what is for that one", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  routes.heard(ADA, "198.51.100.7:9044", 0);
  routes.set(BOB, ["192.0.2.7", "203.0.113.66"], 9044);
  routes.heard(BOB, "203.0.113.66:9044", 0);
  expect(routes.resolve("192.0.2.7:9044"), "where two say that they are").toBe("192.0.2.7:9044");
  routes.delete(BOB);
  expect(routes.resolve("192.0.2.7:9044")).toBe("198.51.100.7:9044");
});
