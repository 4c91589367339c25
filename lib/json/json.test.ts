import { expect, test } from "bun:test";
import type { Definitions, Type } from "../schema/mod.ts";
import { fromJson, parseJson, toJson } from "./mod.ts";

const string: Type = { kind: "string" };
const number: Type = { kind: "number" };
const bigint: Type = { kind: "bigint" };
const date: Type = { kind: "date" };
const bytes: Type = { kind: "bytes" };
const none: Definitions = {};

function read(text: string, type: Type, definitions = none): unknown {
  return fromJson(parseJson(text, "argument"), type, definitions, "args[0]");
}

function written(value: unknown, type: Type, definitions = none): string {
  return JSON.stringify(toJson(value, type, definitions));
}

test("every kind of value is written as documented, and reads back as it was", () => {
  const when = new Date("2026-01-31T12:00:00.000Z");
  const cases: [Type, unknown, string][] = [
    [string, "text", '"text"'],
    [number, 1.5, "1.5"],
    [number, NaN, '"NaN"'],
    [number, -Infinity, '"-Infinity"'],
    [number, -0, "-0"],
    [{ kind: "integer", format: "u8" }, 255, "255"],
    [{ kind: "boolean" }, true, "true"],
    [{ kind: "null" }, null, "null"],
    [bigint, 12345678901234567890n, '"12345678901234567890"'],
    [{ kind: "bigintLiteral", value: "5" }, 5n, '"5"'],
    [date, when, '"2026-01-31T12:00:00.000Z"'],
    [bytes, new Uint8Array([104, 105, 255]), '"aGn/"'],
    [{ kind: "array", items: date }, [when], '["2026-01-31T12:00:00.000Z"]'],
    [{ kind: "set", items: bigint }, new Set([1n, 2n]), '["1","2"]'],
    [{ kind: "map", key: string, value: number }, new Map([["a", 1]]), '{"a":1}'],
    [{ kind: "map", key: bigint, value: date }, new Map([[7n, when]]), '[["7","2026-01-31T12:00:00.000Z"]]'],
    [{ kind: "map", key: number, value: number }, new Map(), "[]"],
    [
      { kind: "tuple", items: [{ type: string }, { type: bigint }], rest: date },
      ["a", 1n, when],
      '["a","1","2026-01-31T12:00:00.000Z"]',
    ],
    [
      { kind: "object", properties: { at: { type: date } }, index: bigint },
      { at: when, other: 3n },
      '{"at":"2026-01-31T12:00:00.000Z","other":"3"}',
    ],
  ];
  for (const [type, value, text] of cases) {
    expect(written(value, type)).toBe(text);
    const back = read(text, type);
    if (typeof value === "object" && value !== null && type.kind === "object") {
      expect({ ...(back as object) }).toEqual(value);
    } else expect(back).toEqual(value);
  }
});

test("integers beyond 2^53 keep every digit", () => {
  expect(read("9007199254740993", bigint)).toBe(9007199254740993n);
  expect(read("[1, -18446744073709551615]", { kind: "array", items: bigint })).toEqual([1n, -18446744073709551615n]);
  expect(read("9007199254740993", number)).toBe(9007199254740992);
  expect(read("1e3", number)).toBe(1000);
});

test("dates are read from ISO 8601 and epoch milliseconds, and from nothing looser", () => {
  expect(read('"2026-01-31"', date)).toEqual(new Date("2026-01-31T00:00:00Z"));
  expect(read('"2026-01-31T10:00:00+02:00"', date)).toEqual(new Date("2026-01-31T08:00:00Z"));
  expect(read("0", date)).toEqual(new Date(0));
  for (const text of ['"tomorrow"', '"1"', '"2026-13-01"', "1e300"]) {
    expect(() => read(text, date), text).toThrow("args[0]: expected a date such as");
  }
});

test("text that is no base64 and no integer is refused with its place", () => {
  const type: Type = { kind: "object", properties: { data: { type: bytes }, id: { type: bigint } } };
  expect(() => read('{"data":"%%"}', type)).toThrow('args[0].data: expected bytes in base64, found string "%%"');
  expect(() => read('{"id":"1.5"}', type)).toThrow(
    'args[0].id: expected an integer in decimal digits, found string "1.5"',
  );
  expect(read('"_-8="', bytes)).toEqual(new Uint8Array([255, 239]));
});

test("what is wrong is passed on for the codec to refuse", () => {
  for (const json of [3, true, null, ["x"], { a: 1 }]) {
    expect(fromJson(json, string, none, "args[0]")).toEqual(json);
    if (json !== 3) expect(fromJson(json, date, none, "args[0]")).toEqual(json);
  }
  expect(read("[1,2]", { kind: "object", properties: {} })).toEqual([1, 2]);
  expect(read('{"a":1}', { kind: "array", items: number })).toEqual({ a: 1 });
});

test("a property that is not declared is a mistake, or left out when a program wrote it", () => {
  const type: Type = { kind: "object", properties: { name: { type: string }, age: { type: number, optional: true } } };
  expect(() => read('{"nmae":"x"}', type)).toThrow('args[0]: there is no property "nmae". Did you mean name?');
  expect(() => read('{"zzzzzz":"x"}', type)).toThrow("It has name, age.");
  const skipped = fromJson({ name: "x", other: 1 }, type, none, "args[0]", { undeclared: "skip" });
  expect({ ...(skipped as object) }).toEqual({ name: "x" });
});

test("__proto__ is a key like any other", () => {
  const record: Type = { kind: "object", properties: {}, index: number };
  const value = read('{"__proto__":1}', record) as object;
  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(value)).toBeNull();
  expect(written(value, record)).toBe('{"__proto__":1}');
  expect(written(new Map([["__proto__", 1]]), { kind: "map", key: string, value: number })).toBe('{"__proto__":1}');
});

test("maps are also read from objects and pairs, whatever their keys are", () => {
  const byNumber: Type = { kind: "map", key: number, value: string };
  expect(read('{"1":"a","2.5":"b"}', byNumber)).toEqual(new Map([[1, "a"], [2.5, "b"]]));
  expect(read('[[1,"a"]]', byNumber)).toEqual(new Map([[1, "a"]]));
  expect(() => read('[["1",2],[1,3]]', { kind: "map", key: bigint, value: number })).toThrow("is given twice");
});

test("a union's member is found by what JSON can show of it", () => {
  const union = (...members: Type[]): Type => ({ kind: "union", members });
  expect(read('"2026-01-31"', union(date, number))).toEqual(new Date("2026-01-31"));
  expect(read("5", union(date, number))).toBe(5);
  expect(read("5", union(date, { kind: "null" }))).toEqual(new Date(5));
  expect(read('"2026-01-31"', union(date, string))).toBe("2026-01-31");
  expect(read('"7"', union(bigint, { kind: "null" }))).toBe(7n);
  expect(read("7", union(bigint, string))).toBe(7n);
  expect(read('"NaN"', union(number, { kind: "null" }))).toBeNaN();
  expect(read('"aGk="', union(bytes, { kind: "null" }))).toEqual(new Uint8Array([104, 105]));
  expect(read("null", union(date, { kind: "undefined" }))).toBeUndefined();
  expect(read("null", union(date, { kind: "null" }))).toBeNull();
  expect(read('["1"]', union({ kind: "set", items: bigint }, string))).toEqual(new Set([1n]));
});

test("a discriminated union is read and written by its discriminator", () => {
  const types: Definitions = {
    Shape: {
      type: {
        kind: "union",
        members: [
          { kind: "object", properties: { kind: { type: { kind: "literal", value: "at" } }, value: { type: date } } },
          { kind: "object", properties: { kind: { type: { kind: "literal", value: "id" } }, value: { type: bigint } } },
        ],
      },
    },
  };
  const shape: Type = { kind: "ref", name: "Shape" };
  const back = read('{"kind":"id","value":5}', shape, types) as { value: unknown };
  expect(back.value).toBe(5n);
  expect(written(back, shape, types)).toBe('{"kind":"id","value":"5"}');
  expect((read('{"kind":"at","value":5}', shape, types) as { value: unknown }).value).toEqual(new Date(5));
  // The codec says which kinds there are.
  expect(read('{"kind":"other"}', shape, types)).toEqual({ kind: "other" });
});

test("unknown values are written by what they are", () => {
  const value = { at: new Date(0), id: 5n, data: new Uint8Array([1]), tags: new Set(["a"]), by: new Map([[1, 2n]]) };
  expect(written(value, { kind: "unknown" })).toBe(
    '{"at":"1970-01-01T00:00:00.000Z","id":"5","data":"AQ==","tags":["a"],"by":[[1,"2"]]}',
  );
  expect(written({ a: undefined, b: [undefined] }, { kind: "unknown" })).toBe('{"b":[null]}');
});

test("recursive types are followed as deep as the value goes, and no deeper than the limit", () => {
  const types: Definitions = {
    Node: {
      type: {
        kind: "object",
        properties: { at: { type: date }, next: { type: { kind: "ref", name: "Node" }, optional: true } },
      },
    },
  };
  const node: Type = { kind: "ref", name: "Node" };
  const value = read('{"at":0,"next":{"at":1}}', node, types) as { next: { at: Date } };
  expect(value.next.at).toEqual(new Date(1));
  const deep = '{"at":0,"next":'.repeat(600) + '{"at":0}' + "}".repeat(600);
  expect(() => read(deep, node, types)).toThrow("nested deeper than 500");
});

test("text that is no JSON is refused with what was found", () => {
  expect(() => parseJson("{a}", "x")).toThrow("x: expected JSON, found {a}");
  expect(() => parseJson("", "x")).toThrow("x: expected JSON, found nothing");
  expect(() => parseJson("[".repeat(1_000_000), "x")).toThrow(/^x: expected JSON, found \[{60}\.\.\./);
  expect(() => parseJson("[".repeat(100_000) + "]".repeat(100_000), "x")).toThrow("nested too deeply");
});
