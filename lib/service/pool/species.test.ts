import { expect, test } from "bun:test";
import { Misfits, speciesInOrder } from "./species.ts";

const OLD = { species: "old", release: 1 };
const NEW = { species: "new", release: 3 };
const NEWER = { species: "newer", release: 4 };

test("without a pin the species of the newest release comes first", () => {
  expect(speciesInOrder([OLD, NEWER, NEW, OLD], undefined)).toEqual(["newer", "new", "old"]);
  expect(speciesInOrder([], undefined)).toEqual([]);
});

test("a species is as new as its newest release", () => {
  expect(speciesInOrder([NEW, OLD, { species: "old", release: 9 }], undefined)).toEqual(["old", "new"]);
});

test("the species that the caller was compiled against comes first while it runs", () => {
  expect(speciesInOrder([OLD, NEW, NEWER], "old")).toEqual(["old", "newer", "new"]);
  expect(speciesInOrder([NEW, NEWER], "old")).toEqual(["newer", "new"]);
});

test("an instance that does not say what it runs is older than any release", () => {
  const bare = { species: undefined, release: undefined };
  expect(speciesInOrder([bare, OLD], undefined)).toEqual(["old", undefined]);
  expect(speciesInOrder([bare], "old")).toEqual([undefined]);
});

test("a method that did not fit a species is not tried on it again, others are", () => {
  const misfits = new Misfits();
  expect(misfits.isEmpty).toBe(true);
  misfits.add("new", "greet");
  expect(misfits.isEmpty).toBe(false);
  expect(misfits.fitting(["new", "old"], "greet")).toEqual(["old"]);
  expect(misfits.fitting(["new", "old"], "other")).toEqual(["new", "old"]);
  expect(misfits.fitting(["new", "old"], undefined)).toEqual(["new", "old"]);
});

test("an instance that does not say what it runs may fit the next time", () => {
  const misfits = new Misfits();
  misfits.add(undefined, "greet");
  expect(misfits.isEmpty).toBe(true);
  expect(misfits.fitting([undefined], "greet")).toEqual([undefined]);
});

test("what is remembered is bounded", () => {
  const misfits = new Misfits();
  for (let n = 0; n <= 1_024; n++) misfits.add("new", `method${n}`);
  expect(misfits.fitting(["new"], "method0")).toEqual(["new"]);
  expect(misfits.fitting(["new"], "method1024")).toEqual([]);
});
