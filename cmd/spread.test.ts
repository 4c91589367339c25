import { expect, test } from "bun:test";
import { type Place, spread, SPREADS } from "./spread.ts";

/** Places from `region/zone/name`. */
const places = (...paths: string[]): Place[] =>
  paths.map((path) => {
    const [region = "", zone = "", name = ""] = path.split("/");
    return { region, zone, name };
  });

const WORLD = places("eu/a/e1", "eu/a/e2", "eu/b/e3", "us/a/u1", "ap/a/p1", "ap/b/p2");

/** `name:share` of those that have one. */
function shares(found: readonly Place[], by: "region" | "zone" | "node", count: number): string {
  const given = spread(found, by, count);
  return found.flatMap(({ name }, index) => (given[index] === 0 ? [] : [`${name}:${given[index]}`])).join(" ");
}

test("by region every region gets one before any gets a second, and inside it the zones take turns", () => {
  expect(shares(WORLD, "region", 1)).toBe("e1:1");
  expect(shares(WORLD, "region", 3)).toBe("e1:1 u1:1 p1:1");
  expect(shares(WORLD, "region", 6)).toBe("e1:1 e3:1 u1:2 p1:1 p2:1");
  expect(shares(WORLD, "region", 9)).toBe("e1:1 e2:1 e3:1 u1:3 p1:2 p2:1");
});

test("by zone every zone gets one before any gets a second, other regions first", () => {
  expect(shares(WORLD, "zone", 3)).toBe("e1:1 u1:1 p1:1");
  expect(shares(WORLD, "zone", 5)).toBe("e1:1 e3:1 u1:1 p1:1 p2:1");
  expect(shares(WORLD, "zone", 6)).toBe("e1:1 e2:1 e3:1 u1:1 p1:1 p2:1");
});

test("by node every node gets one before any gets a second, as far from each other as possible", () => {
  expect(shares(WORLD, "node", 2)).toBe("e1:1 p1:1");
  expect(shares(WORLD, "node", 3)).toBe("e1:1 u1:1 p1:1");
  expect(shares(WORLD, "node", 5)).toBe("e1:1 e3:1 u1:1 p1:1 p2:1");
  expect(shares(WORLD, "node", 7)).toBe("e1:2 e2:1 e3:1 u1:1 p1:1 p2:1");
});

test("zones of one name in two regions are two zones", () => {
  expect(shares(places("eu/a/e1", "eu/a/e2", "us/a/u1"), "zone", 2)).toBe("e1:1 u1:1");
});

test("nodes without regions are spread by name, and one node gets everything", () => {
  const plain = places("default/default/c", "default/default/a", "default/default/b");
  expect(shares(plain, "node", 4)).toBe("c:1 a:2 b:1");
  expect(shares(plain, "region", 2)).toBe("a:1 b:1");
  expect(shares(plain.slice(0, 1), "zone", 3)).toBe("c:3");
  expect(spread([], "node", 3)).toEqual([]);
});

test("shares add up to what is asked for, differ by one at most by node, and only grow with it", () => {
  for (const by of SPREADS) {
    let before = spread(WORLD, by, 0);
    expect(before).toEqual(WORLD.map(() => 0));
    for (let count = 1; count <= 30; count++) {
      const now = spread(WORLD, by, count);
      expect(now.reduce((sum, share) => sum + share, 0)).toBe(count);
      for (const [index, share] of now.entries()) expect(share).toBeGreaterThanOrEqual(before[index]!);
      if (by === "node") expect(Math.max(...now) - Math.min(...now)).toBeLessThanOrEqual(1);
      before = now;
    }
  }
});
