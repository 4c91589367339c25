import { expect, test } from "bun:test";
import type { Method, Param, Type } from "../schema/mod.ts";
import { argumentsFromJson } from "./json_arguments.ts";

const number: Type = { kind: "number" };
const date: Type = { kind: "date" };

function read(json: unknown, ...params: Param[]): unknown[] {
  const method: Method = { gene: "0".repeat(16), params, result: number };
  return argumentsFromJson(json, method, {}, "line 1");
}

test("the value is the argument of a method with one parameter", () => {
  expect(read(5, { name: "n", type: number })).toEqual([5]);
  expect(read([1, 2], { name: "list", type: { kind: "array", items: number } })).toEqual([[1, 2]]);
  expect(read("2026-01-31", { name: "at", type: date })).toEqual([new Date("2026-01-31")]);
});

test("an array gives arguments by position, an object by name", () => {
  const params: Param[] = [{ name: "a", type: number }, { name: "at", type: date, optional: true }];
  expect(read([1, 0], ...params)).toEqual([1, new Date(0)]);
  expect(read([1], ...params)).toEqual([1]);
  expect(read({ at: 0, a: 1 }, ...params)).toEqual([1, new Date(0)]);
  expect(read({ a: 1 }, ...params)).toEqual([1, undefined]);
  expect(read([])).toEqual([]);
});

test("a rest parameter takes what is left, or a list by its name", () => {
  const params: Param[] = [{ name: "a", type: number }, { name: "others", type: date, rest: true }];
  expect(read([1, 0, 1], ...params)).toEqual([1, new Date(0), new Date(1)]);
  expect(read({ a: 1, others: [0, 1] }, ...params)).toEqual([1, new Date(0), new Date(1)]);
  expect(read({ a: 1 }, ...params)).toEqual([1]);
  expect(read([0], { name: "all", type: date, rest: true })).toEqual([new Date(0)]);
});

test("what is neither is refused, and what is too much is left for the codec to refuse", () => {
  const params: Param[] = [{ name: "a", type: number }, { name: "b", type: number }];
  expect(() => read(5, ...params)).toThrow("line 1: expected an array of arguments, or an object by their names");
  expect(read([1, 2, 3], ...params)).toEqual([1, 2, 3]);
});
