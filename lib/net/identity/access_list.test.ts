import { expect, test } from "bun:test";
import { ACCESS_PATTERNS_MAX, isAllowed, parseAccessList } from "./access_list.ts";

test("a list lets in whom it names, and nobody else", () => {
  const list = parseAccessList(["trader", "ops-*", "cell"]);
  for (const service of ["trader", "ops-a", "ops-night-shift", "cell"]) expect(isAllowed(list, service)).toBe(true);
  for (const service of ["trade", "traders", "ops", "my-ops-a", "nucleus", ""]) {
    expect(isAllowed(list, service)).toBe(false);
  }
});

test("an empty list lets nobody in, a star everybody", () => {
  expect(isAllowed(parseAccessList([]), "trader")).toBe(false);
  expect(isAllowed(parseAccessList(["*"]), "trader")).toBe(true);
});

test("a part of a name may be its beginning only", () => {
  const list = parseAccessList(["t*"]);
  expect(isAllowed(list, "trader")).toBe(true);
  expect(isAllowed(list, "market")).toBe(false);
});

test("what is no name is refused and quoted", () => {
  for (
    const pattern of [
      "",
      "Trader",
      "*-ops",
      "o*s",
      "a**",
      "-*",
      "1*",
      "a b",
      "trader-",
      "a".repeat(64),
      `${"a".repeat(63)}*`,
    ]
  ) {
    expect(() => parseAccessList(["trader", pattern])).toThrow(JSON.stringify(pattern.slice(0, 80)));
  }
});

test("a list has a bound", () => {
  const names = Array.from({ length: ACCESS_PATTERNS_MAX }, (_, number) => `s${number}`);
  expect(isAllowed(parseAccessList(names), "s63")).toBe(true);
  expect(() => parseAccessList([...names, "one-more"])).toThrow("expected at most 64 names, found 65");
});
