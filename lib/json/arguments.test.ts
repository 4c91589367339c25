import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Definitions, Method, Param, Type } from "../schema/mod.ts";
import { exampleWords, readArguments } from "./mod.ts";
import { assignableNames } from "./names.ts";

const string: Type = { kind: "string" };
const number: Type = { kind: "number" };
const object = (properties: Record<string, Type>, optional: string[] = []): Type => ({
  kind: "object",
  properties: Object.fromEntries(
    Object.entries(properties).map((
      [name, type],
    ) => [name, optional.includes(name) ? { type, optional: true } : { type }]),
  ),
});
const list = (items: Type): Type => ({ kind: "array", items });
const union = (...members: Type[]): Type => ({ kind: "union", members });
const literal = (value: string): Type => ({ kind: "literal", value });

function method(...params: Param[]): Method {
  return { gene: "0".repeat(16), params, result: { kind: "undefined" } };
}

function read(words: string[], taken: Method, types: Definitions = {}): unknown[] {
  return plain(readArguments(words, "m", taken, types).args) as unknown[];
}

/** Objects without a prototype as ordinary ones, for comparing. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

const greet = method({
  name: "options",
  type: object({ name: string, age: number, tags: list(string) }, ["age", "tags"]),
});
const add = method({ name: "a", type: number }, { name: "b", type: number, optional: true });

test("keys are the fields of a single object parameter", () => {
  expect(read(["name=World"], greet)).toEqual([{ name: "World" }]);
  expect(read(["name=3", "age=3"], greet)).toEqual([{ name: "3", age: 3 }]);
  expect(read(["name="], greet)).toEqual([{ name: "" }]);
  expect(read(["name=a=b:=c"], greet)).toEqual([{ name: "a=b:=c" }]);
});

test(":= gives JSON, whatever the type is", () => {
  expect(read(["name:=3"], greet)).toEqual([{ name: 3 }]);
  expect(read(['name:="x"'], greet)).toEqual([{ name: "x" }]);
  expect(() => read(["name:=x"], greet)).toThrow("name: expected JSON, found x");
});

test("keys are parameters when there are several, or the one is no object", () => {
  expect(read(["b=2", "a=1"], add)).toEqual([1, 2]);
  expect(read(["n=5"], method({ name: "n", type: number }))).toEqual([5]);
  const mixed = method({ name: "to", type: object({ city: string }) }, { name: "count", type: number });
  expect(read(["to.city=Oslo", "count=2"], mixed)).toEqual([{ city: "Oslo" }, 2]);
  expect(read(['to:={"city":"Oslo"}', "count:=2"], mixed)).toEqual([{ city: "Oslo" }, 2]);
});

test("an object parameter can be given whole, by its name or by position", () => {
  expect(read(['options:={"name":"x"}'], greet)).toEqual([{ name: "x" }]);
  expect(read(['{"name":"x"}'], greet)).toEqual([{ name: "x" }]);
});

test("words without a key go to the parameters in order; text need not be quoted", () => {
  expect(read(["1", "2"], add)).toEqual([1, 2]);
  expect(read(["b=2", "1"], add)).toEqual([1, 2]);
  const say = method({ name: "text", type: string });
  expect(read(["hello"], say)).toEqual(["hello"]);
  expect(read(["hello world"], say)).toEqual(["hello world"]);
  expect(read(['"quoted"'], say)).toEqual(["quoted"]);
  expect(read(["3"], say)).toEqual(["3"]);
  expect(read(["null"], say)).toEqual(["null"]);
  expect(read(["null"], method({ name: "x", type: union(string, { kind: "null" }) }))).toEqual([null]);
  expect(read(["3"], method({ name: "x", type: { kind: "unknown" } }))).toEqual([3]);
  expect(read(["3x"], method({ name: "x", type: { kind: "unknown" } }))).toEqual(["3x"]);
  expect(() => read(["1", "2", "3"], add)).toThrow("m takes 2 arguments, found one more: 3");
  expect(() => read(["1"], method())).toThrow("m takes no arguments, found one more: 1");
});

test("text where the type has no room for text is what the type says", () => {
  const cases: [Type, string, unknown][] = [
    [number, "3", 3],
    [number, "1e3", 1000],
    [number, "x", "x"],
    [{ kind: "boolean" }, "true", true],
    [{ kind: "boolean" }, "yes", "yes"],
    [union(number, { kind: "null" }), "null", null],
    [union(string, { kind: "null" }), "null", "null"],
    [union(string, number), "3", "3"],
    [union(literal("auto"), number), "auto", "auto"],
    [union(literal("auto"), number), "3", 3],
    [union(literal("a"), literal("b")), "c", "c"],
    [{ kind: "bigint" }, "12345678901234567890", 12345678901234567890n],
    [{ kind: "date" }, "2026-01-31", new Date("2026-01-31")],
    [{ kind: "bytes" }, "aGk=", new Uint8Array([104, 105])],
    [list(number), "1", [1]],
    [list(number), "[1,2]", [1, 2]],
    [{ kind: "set", items: string }, "a", new Set(["a"])],
    [object({ a: number }), '{"a":1}', { a: 1 }],
    [{ kind: "unknown" }, "3", "3"],
  ];
  for (const [type, text, value] of cases) {
    expect(read([`x=${text}`], method({ name: "x", type }, { name: "y", type: number, optional: true })), text).toEqual(
      [
        value,
      ],
    );
  }
});

test("paths make parts of parts", () => {
  const order = method({
    name: "order",
    type: object({
      address: object({ city: string, zip: string }),
      lines: list(object({ sku: string, count: number })),
      meta: { kind: "object", properties: {}, index: number },
      by: { kind: "map", key: string, value: number },
    }),
  });
  const words = ["address.city=Oslo", "lines.0.sku=a", "lines.0.count=2", "lines.1.sku=b", "meta.x-y=1", "by.z=2"];
  expect(read(words, order)).toEqual([{
    address: { city: "Oslo" },
    lines: [{ sku: "a", count: 2 }, { sku: "b" }],
    meta: { "x-y": 1 },
    by: new Map([["z", 2]]),
  }]);
  expect(() => read(["address.cty=x"], order)).toThrow('address has no "cty". Did you mean city?');
  expect(() => read(["lines.first=x"], order)).toThrow('lines is a list: expected a number after it, found "first"');
  expect(() => read(["address.city.name=x"], order)).toThrow('address.city has no parts, found "name" after it');
  expect(() => read(["address=x", "address.city=y"], order)).toThrow(
    "address is given as a value and, with address.city",
  );
});

test("a day that the calendar does not have is no date", () => {
  const taken = method({ name: "at", type: { kind: "date" } });
  expect(read(["2028-02-29"], taken)).toEqual([new Date("2028-02-29")]);
  for (const text of ["2026-02-29", "2026-02-31", "2026-04-31T10:00:00Z", "2026-13-01", "2026-01-00"]) {
    expect(() => read([text], taken), text).toThrow("expected a date");
  }
});

test("where a type admits objects and lists, names make an object and numbers a list", () => {
  const json: Definitions = {
    Json: {
      type: {
        kind: "union",
        members: [
          { kind: "string" },
          { kind: "array", items: { kind: "ref", name: "Json" } },
          { kind: "object", properties: {}, index: { kind: "ref", name: "Json" } },
        ],
      },
    },
  };
  const taken = method({ name: "value", type: { kind: "ref", name: "Json" } });
  expect(plain(read(["a=1", "b=2"], taken, json))).toEqual([{ a: "1", b: "2" }]);
});

test("a name that is given again adds to a list, and nothing else is given twice", () => {
  expect(read(["name=x", "tags=a", "tags=b"], greet)).toEqual([{ name: "x", tags: ["a", "b"] }]);
  expect(read(['tags:=["a"]', "tags=b"], greet)).toEqual([{ tags: ["a", "b"] }]);
  expect(() => read(["name=x", "name=y"], greet)).toThrow("name is given twice");
  expect(() => read(["a=1", "a=2"], add)).toThrow("a is given twice");
});

test("a map's keys are names when they can be its keys, else the parameter's name comes first", () => {
  const byText = method({ name: "map", type: { kind: "map", key: string, value: number } });
  expect(read(["a=1", "map=2"], byText)).toEqual([new Map([["a", 1], ["map", 2]])]);
  const byNumber = method({ name: "map", type: { kind: "map", key: number, value: string } });
  expect(read(["map.1=x", "map.2=y"], byNumber)).toEqual([new Map([[1, "x"], [2, "y"]])]);
  expect(exampleWords(byNumber, {})).toEqual(["map.1=text"]);
  expect(() => read(["key=x"], byNumber)).toThrow('m has no "key"');
});

test("rest parameters take what is left, by position and by name", () => {
  const sum = method({ name: "first", type: number }, { name: "others", type: number, rest: true });
  expect(read(["1", "2", "3"], sum)).toEqual([1, 2, 3]);
  expect(read(["1", "others=2", "others=3"], sum)).toEqual([1, 2, 3]);
  expect(read(["1", "others:=[2,3]"], sum)).toEqual([1, 2, 3]);
  expect(read(["1"], sum)).toEqual([1]);
});

test("a misspelt name suggests the right one, and an unknown one lists what there is", () => {
  expect(() => read(["nmae=World"], greet)).toThrow('m has no "nmae". Did you mean name?');
  expect(() => read(["qqqqqq=1"], greet)).toThrow("It takes name, age, tags.");
  expect(() => read(["count=1"], add)).toThrow("It takes a, b.");
  expect(() => read(["c=1"], method())).toThrow('m takes no arguments, found "c"');
});

test("without words a required object is empty, so that the codec names what is missing; an optional one is absent", () => {
  expect(read([], greet)).toEqual([{}]);
  expect(read([], method({ name: "o", type: object({ a: string }), optional: true }))).toEqual([]);
  expect(read([], add)).toEqual([]);
});

test("a discriminated union takes the fields of each member", () => {
  const shape = method({
    name: "shape",
    type: union(
      object({ kind: literal("circle"), size: number }),
      object({ kind: literal("label"), size: string }),
    ),
  });
  expect(read(["kind=circle", "size=2"], shape)).toEqual([{ kind: "circle", size: 2 }]);
  expect(read(["kind=label", "size=2"], shape)).toEqual([{ kind: "label", size: "2" }]);
  expect(() => read(["knd=circle"], shape)).toThrow("Did you mean kind?");
});

test("@ reads bytes from a file, and is text where text fits", () => {
  const folder = mkdtempSync(join(tmpdir(), "cell-"));
  try {
    const file = join(folder, "data");
    writeFileSync(file, new Uint8Array([1, 2, 3]));
    const store = method({ name: "data", type: { kind: "bytes" } }, { name: "label", type: string });
    expect(read([`data=@${file}`, "label=@home"], store)).toEqual([new Uint8Array([1, 2, 3]), "@home"]);
    expect(() => read([`data=@${file}.none`], store)).toThrow("reading the file of an argument failed");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a dash is stdin: the items of a stream, or the arguments of one call per line", () => {
  const stream = method({ name: "limit", type: number }, { name: "items", type: number, stream: true });
  expect(readArguments(["5", "-"], "m", stream, {})).toEqual({ args: [5, undefined], stdin: "stream" });
  expect(readArguments(["-", "5"], "m", stream, {})).toEqual({ args: [5, undefined], stdin: "stream" });
  expect(readArguments(["5", "[1,2]"], "m", stream, {})).toEqual({ args: [5, [1, 2]], stdin: "unused" });
  expect(readArguments(["limit=5", "items:=[1]"], "m", stream, {})).toEqual({ args: [5, [1]], stdin: "unused" });
  expect(readArguments(["-"], "m", add, {})).toEqual({ args: [], stdin: "calls" });
  expect(() => readArguments(["-", "1"], "m", add, {})).toThrow("takes all arguments from stdin");
  expect(() => readArguments(["5"], "m", stream, {})).toThrow(
    'm takes a stream: pipe one JSON value per line into it and write "-"',
  );
});

test("an example gives everything that is required, and reads without a mistake", () => {
  const types: Definitions = { Mood: { type: union(literal("calm"), literal("wild")) } };
  const all = method({
    name: "o",
    type: object({
      name: string,
      title: string,
      count: { kind: "integer", format: "u8", minimum: 3 },
      at: { kind: "date" },
      mood: { kind: "ref", name: "Mood" },
      tags: list(string),
      inner: object({ ok: { kind: "boolean" } }),
      more: number,
    }, ["more"]),
  });
  const words = exampleWords(all, types);
  expect(words.join(" ")).toBe("name=World title=text count=3 at=2026-01-31 mood=calm tags=text inner.ok=true");
  expect(() => readArguments(words, "m", all, types)).not.toThrow();
  expect(exampleWords(add, {})).toEqual(["a=1"]);
  const room: Type = { kind: "string", pattern: "^room-\\d+$" };
  expect(exampleWords(method({ name: "room", type: room }), {})[0]).toMatch(/^room=room-\d+$/);
  const code: Type = { kind: "string", minLength: 6, maxLength: 6 };
  expect(exampleWords(method({ name: "code", type: code }), {})[0]!.replaceAll("'", "")).toHaveLength(
    "code=".length + 6,
  );
  const lines = method({
    name: "lines",
    type: list(object({ sku: string, tags: list(string), inner: list(object({ a: number })) })),
  });
  expect(exampleWords(lines, {})).toEqual(["lines.0.sku=text", "lines.0.tags=text", "'lines.0.inner=[]'"]);
  expect(exampleWords(method({ name: "items", type: number, stream: true }), {})).toEqual(["-"]);
});

test("names for tab completion are those that an assignment takes, with the values that are few", () => {
  const types: Definitions = { Mood: { type: union(literal("calm"), literal("wild")) } };
  const one = method({
    name: "o",
    type: object({ mood: { kind: "ref", name: "Mood" }, to: object({ city: string }) }),
  });
  expect(assignableNames(one, [], types)).toEqual([{ name: "mood", values: ["calm", "wild"] }, {
    name: "to",
    values: [],
  }]);
  expect(assignableNames(one, ["to"], types)).toEqual([{ name: "city", values: [] }]);
  expect(assignableNames(one, ["nowhere"], types)).toEqual([]);
  expect(assignableNames(add, [], {}).map(({ name }) => name)).toEqual(["a", "b"]);
});
