import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Type } from "./schema.ts";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  definitions,
  integer,
  literal,
  map,
  nothing,
  number,
  object,
  record,
  ref,
  set,
  string,
  stringOf,
  tuple,
  undefinedType,
  union,
  unknown,
} from "./type_builders.ts";
import { nilMeaning, unionPlan } from "./union.ts";

/** There is much to try, on a machine that may be busy. */
setDefaultTimeout(120_000);

describe("members that begin differently on the wire", () => {
  test("are told apart by their category, literals by their value", () => {
    const type = union(
      nothing,
      boolean,
      number,
      literal("a"),
      literal("b"),
      string,
      bytes,
      date,
      array(string),
      record(string),
    );
    const plan = unionPlan(type, {});
    expect(plan.admitsNull).toBe(true);
    expect(plan.booleans).toEqual([false, true]);
    expect(plan.strings).toEqual(["a", "b"]);
    expect([plan.number, plan.string, plan.bytes, plan.date, plan.list, plan.map].map((member) => member?.kind))
      .toEqual(["number", "string", "bytes", "date", "array", "object"]);
  });

  test("are found through names and unions inside the union, each once", () => {
    const types = definitions({ A: union(literal("a"), ref("B")), B: union(literal("b"), literal("a")), C: ref("A") });
    expect(unionPlan(union(ref("C"), ref("A"), nothing), types).strings).toEqual(["a", "b"]);
  });

  test("may be one literal of boolean", () => {
    expect(unionPlan(union(literal(true), string), {}).booleans).toEqual([true]);
  });
});

describe("objects", () => {
  const one = object({ same: literal("x"), kind: literal("one") });
  const two = object({ same: literal("x"), kind: union(literal("two"), literal(2)) });

  test("are told apart by the first property with different literals in all", () => {
    const plan = unionPlan(union(one, two, nothing), {});
    expect(plan.objects!.property).toBe("kind");
    expect(plan.objects!.members.map((member) => member.values)).toEqual([["one"], ["two", 2]]);
  });

  test("may use booleans for it", () => {
    const plan = unionPlan(
      union(object({ ok: literal(true), v: string }), object({ ok: literal(false), e: string })),
      {},
    );
    expect(plan.objects!.property).toBe("ok");
  });

  test("have to require it", () => {
    expect(() => unionPlan(union(object({ "kind?": literal("one") }), two), {})).toThrow(
      "no property is required in all",
    );
  });

  test("must not share a literal", () => {
    expect(() => unionPlan(union(two, object({ kind: union(literal("two"), literal("three")) })), {})).toThrow(
      'add one, such as kind: "a" to the first and kind: "b" to the second',
    );
  });
});

describe("members that begin alike are refused with what to write instead", () => {
  const CASES: [Type, string][] = [
    [union(number, bigint), "number and bigint"],
    [union(literal(1), { kind: "bigintLiteral", value: "1" }), "number and bigint"],
    [union(array(string), array(number)), 'wrap each in an object with a property such as kind: "list"'],
    [union(array(string), set(number)), "string[] and Set<number>"],
    [union(tuple([string]), array(number)), "[string] and number[]"],
    [union(map(string, string), record(string)), "Map<string, string> and { [name: string]: string }"],
    [union(map(string, string), map(number, string)), "both are maps on the wire"],
    [union(object({ a: string }), object({ b: string })), "the 2 object types { a: string }, { b: string }"],
    [union(integer("u8"), number), "u8 and number"],
    [union(string, stringOf({ maxLength: 3 })), "give one string type that covers both"],
    [union(bytes, { kind: "bytes", maxLength: 3 }), "Uint8Array and Uint8Array"],
    [union({ kind: "bigint", format: "i64" }, bigint), "i64 and bigint"],
    [union(unknown, string), "write unknown alone"],
  ];
  for (const [type, message] of CASES) {
    test(message, () => {
      expect(() => unionPlan(type, {})).toThrow(message);
    });
  }

  test("and so is a union of nothing but itself", () => {
    expect(() => unionPlan(ref("A"), definitions({ A: union(ref("A"), string) }))).toThrow("a union contains itself");
    expect(() => unionPlan(ref("A"), definitions({ A: ref("B"), B: ref("A") }))).toThrow(
      '"A" is only defined by itself',
    );
  });
});

test("nil is null, undefined or nothing", () => {
  expect(nilMeaning(union(string, nothing, undefinedType), {})).toBe("null");
  expect(nilMeaning(union(string, undefinedType), {})).toBe("undefined");
  expect(nilMeaning(ref("A"), definitions({ A: nothing }))).toBe("null");
  expect(nilMeaning(unknown, {})).toBe("null");
  expect(nilMeaning(string, {})).toBe("none");
});
