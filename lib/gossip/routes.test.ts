import { expect, test } from "bun:test";
import { Routes } from "./routes.ts";

const ADA = "aa".repeat(16);
const BOB = "bb".repeat(16);

test("a member is known by its first address and reached where it was heard from", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  expect(routes.resolve("192.0.2.7:9044")).toBe("192.0.2.7:9044");
  routes.heard(ADA, "198.51.100.7:9044");
  expect(routes.resolve("192.0.2.7:9044")).toBe("198.51.100.7:9044");
});

test("an address that the member has not signed is not used", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7"], 9044);
  routes.heard(ADA, "203.0.113.66:9044");
  routes.heard(ADA, "192.0.2.7:9999");
  expect(routes.resolve("192.0.2.7:9044")).toBe("192.0.2.7:9044");
});

test("a member that does not answer is tried at its next address, and at the first after the last", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  routes.unanswered(ADA);
  expect(routes.resolve("192.0.2.7:9044")).toBe("198.51.100.7:9044");
  routes.unanswered(ADA);
  expect(routes.resolve("192.0.2.7:9044")).toBe("192.0.2.7:9044");
});

test("a new statement with the same addresses keeps what was found out; one with others begins anew", () => {
  const routes = new Routes();
  routes.set(ADA, ["192.0.2.7", "198.51.100.7"], 9044);
  routes.unanswered(ADA);
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
