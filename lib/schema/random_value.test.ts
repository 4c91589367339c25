import { expect, test } from "bun:test";
import { seeded } from "./random_type.ts";
import { randomValue } from "./random_value.ts";
import type { Type } from "./schema.ts";
import {
  array,
  definitions,
  integer,
  literal,
  map,
  nothing,
  number,
  object,
  ref,
  string,
  stringOf,
  tuple,
  union,
} from "./type_builders.ts";

function values(type: Type, types: { [name: string]: Type } = {}, count = 300): unknown[] {
  const random = seeded(3);
  return Array.from({ length: count }, () => randomValue(type, definitions(types), random));
}

test("the same random numbers give the same values", () => {
  expect(values(array(union(number, string, nothing)))).toEqual(values(array(union(number, string, nothing))));
});

test("values at the edges come up", () => {
  for (const edge of [0, 127, 128, 255]) expect(values(integer("u8"))).toContain(edge);
  expect(values(number).some((value) => Object.is(value, -0))).toBe(true);
  expect(values(number).some(Number.isNaN)).toBe(true);
  expect(values({ kind: "bigint", format: "i64" })).toContain(-(2n ** 63n));
  expect(new Set(values(union(literal("a"), nothing))).size).toBe(2);
  const optional = values(object({ "a?": string }));
  expect(optional.some((value) => Object.keys(value as object).length === 0)).toBe(true);
  expect(optional.some((value) => Object.keys(value as object).length === 1)).toBe(true);
});

test("recursive types end", () => {
  const types = {
    Tree: object({ value: number, children: array(ref("Tree")) }),
    Json: union(nothing, string, array(ref("Json")), object({}, ref("Json"))),
    Pair: tuple([union(ref("Pair"), nothing)]),
    Table: map(string, ref("Table")),
  };
  for (const name of Object.keys(types)) {
    for (const value of values(ref(name), types)) expect(JSON.stringify(value).length).toBeLessThan(100_000);
  }
});

test("a type without a finite value is said to be one, an optional one is left out", () => {
  const types = { Endless: object({ self: ref("Endless") }) };
  expect(() => values(ref("Endless"), types)).toThrow("no value of finite size");
  expect(values(object({ "a?": ref("Endless") }), types)).toEqual(values(object({})));
  expect(values(array(ref("Endless")), types).every((value) => (value as unknown[]).length === 0)).toBe(true);
});

test("a pattern that nothing was found for is said to be one", () => {
  expect(() => values(stringOf({ pattern: "^a$", minLength: 2 }))).toThrow(
    "found no string of 2 to Infinity that matches",
  );
});
