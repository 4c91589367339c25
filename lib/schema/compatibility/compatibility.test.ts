import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Method, Type } from "../schema.ts";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  integer,
  literal,
  map,
  method,
  nothing,
  number,
  numberIn,
  object,
  optional,
  record,
  ref,
  schema,
  set,
  string,
  stringOf,
  tuple,
  undefinedType,
  union,
  unknown,
} from "../type_builders.ts";
import { compareMethods, compareSchemas } from "./mod.ts";

/** What is to take no time would take minutes or years if it were done otherwise: a minute tells the two apart anywhere. */
setDefaultTimeout(120_000);

type Types = { [name: string]: Type };

function verdicts(
  old: Omit<Method, "gene">,
  current: Omit<Method, "gene">,
  types: { old?: Types; current?: Types } = {},
): string[] {
  const changes = compareSchemas(schema({ f: old }, types.old), schema({ f: current }, types.current));
  return changes.map(({ path, compatible, message }) => `${path}: ${compatible ? "ok" : "breaking"}: ${message}`);
}

function asArgument(old: Type, current: Type): string[] {
  return verdicts(method([old]), method([current]));
}

function asResult(old: Type, current: Type): string[] {
  return verdicts(method([], old), method([], current));
}

function isCompatible(changes: string[]): boolean {
  return changes.every((change) => !change.includes(": breaking: "));
}

describe("methods", () => {
  test("an added method is compatible, a removed one is not and names its likely successor", () => {
    const old = schema({ greet: method([]), stays: method([]) });
    const current = schema({ greets: method([]), stays: method([]) });
    expect(compareSchemas(old, current)).toEqual([
      { path: "greet", compatible: false, message: "the method was removed. Did you mean greets?" },
      { path: "greets", compatible: true, message: "the method was added" },
    ]);
  });

  test("equal services have no changes, however their types are named", () => {
    const old = schema({ f: method([ref("A")]) }, { A: object({ a: string, "next?": ref("A") }) });
    const current = schema({ f: method([ref("B")]) }, { B: object({ "next?": ref("B"), a: string }) });
    expect(compareSchemas(old, current)).toEqual([]);
  });

  test("a further optional argument is compatible, a further required one is not", () => {
    expect(verdicts(method([string]), method([string, { type: number, optional: true }]))).toEqual([
      "f.args[1]: ok: the new version accepts a further optional argument",
    ]);
    expect(verdicts(method([string]), method([string, number]))).toEqual([
      "f.args[1]: breaking: the new version requires an argument that callers don't send",
    ]);
  });

  test("a removed argument breaks: the decoder refuses arguments that it does not know", () => {
    expect(verdicts(method([string, number]), method([string]))).toEqual([
      "f.args[1]: breaking: callers send an argument that the new version does not know",
    ]);
  });

  test("an argument that may be left out must stay so", () => {
    expect(verdicts(method([{ type: string, optional: true }]), method([string]))).toEqual([
      "f.args[0]: breaking: the new version requires an argument that callers may leave out",
    ]);
    expect(isCompatible(verdicts(method([string]), method([{ type: string, optional: true }])))).toBe(true);
  });

  test("rest arguments take what positional ones sent, not the other way round", () => {
    const rest = method([{ type: string, rest: true }]);
    expect(isCompatible(verdicts(method([string, string]), rest))).toBe(true);
    expect(isCompatible(verdicts(method([string, number]), rest))).toBe(false);
    expect(verdicts(rest, method([string]))).toContain(
      "f.args[1]: breaking: callers send further arguments that the new version does not know",
    );
  });

  test("an optional argument before others may come as nil, which elements of a rest are not", () => {
    const optionals = [{ type: string, optional: true as const }, { type: string, optional: true as const }];
    expect(verdicts(method(optionals), method([{ type: string, rest: true }]))).toEqual([
      "f.args[2]: ok: the new version also accepts further arguments",
      "f.args[0]: breaking: callers may send undefined, the new version expects string",
    ]);
    expect(isCompatible(verdicts(method(optionals.slice(1)), method([{ type: string, rest: true }])))).toBe(true);
    expect(isCompatible(asArgument(tuple([optional(string), optional(string)]), array(string)))).toBe(false);
    expect(isCompatible(asArgument(tuple([string, optional(string)]), array(string)))).toBe(true);
    expect(isCompatible(asArgument(tuple([optional(string)], string), tuple([], string)))).toBe(false);
  });

  test("what may be undefined may become what may be left out", () => {
    const admitting = union(string, undefinedType);
    expect(isCompatible(verdicts(method([admitting]), method([{ type: string, optional: true }])))).toBe(true);
    expect(isCompatible(verdicts(method([{ type: string, optional: true }]), method([admitting])))).toBe(false);
    expect(isCompatible(asArgument(tuple([admitting]), tuple([optional(string)])))).toBe(true);
  });

  test("a stream can be neither added nor dropped, and its items are compared", () => {
    const stream = (type: Type) => method([{ type, stream: true }], string);
    expect(verdicts(method([string], string), stream(string))).toEqual([
      "f.args: breaking: callers send no stream, the new version expects a stream as argument 1",
    ]);
    expect(verdicts(stream(string), stream(number))).toEqual([
      "f.args[0][]: breaking: callers send string, the new version expects number",
    ]);
    expect(verdicts(method([], string), method([], string, { resultStream: true }))).toEqual([
      "f.result: breaking: the new version returns a stream, callers expect a single result",
    ]);
    const items = (type: Type) => method([], type, { resultStream: true });
    expect(verdicts(items(string), items(number))).toEqual([
      "f.item: breaking: the new version returns number, callers expect string",
    ]);
  });

  test("between a caller and a server the messages speak of the server", () => {
    const old = schema({ f: method([object({ name: string })]) });
    const current = schema({ f: method([object({ name: string, age: number })]) });
    const changes = compareMethods(
      { method: old.methods["f"]!, types: old.types },
      { method: current.methods["f"]!, types: current.types },
    );
    expect(changes).toEqual([
      { path: "args[0].age", compatible: false, message: "the server requires a property that callers don't send" },
    ]);
  });
});

describe("properties", () => {
  test("of arguments: optional ones may be added, required ones may not, none may be removed", () => {
    const old = object({ name: string });
    expect(asArgument(old, object({ name: string, "age?": number }))).toEqual([
      "f.args[0].age: ok: the new version accepts a further optional property",
    ]);
    expect(asArgument(old, object({ name: string, age: number }))).toEqual([
      "f.args[0].age: breaking: the new version requires a property that callers don't send",
    ]);
    expect(asArgument(object({ name: string, "dryRun?": boolean }), old)).toEqual([
      "f.args[0].dryRun: breaking: callers send a property that the new version does not know",
    ]);
    expect(asArgument(object({ "name?": string }), old)).toEqual([
      "f.args[0].name: breaking: the new version requires a property that callers may leave out",
    ]);
    expect(asArgument(old, object({ "name?": string }))).toEqual([
      "f.args[0].name: ok: the new version does not require a property that callers send",
    ]);
  });

  test("of results: any may be added, required ones may not be removed or become optional", () => {
    const old = object({ name: string });
    expect(asResult(old, object({ name: string, age: number }))).toEqual([
      "f.result.age: ok: the new version returns a property that callers do not know",
    ]);
    expect(asResult(object({ name: string, age: number }), old)).toEqual([
      "f.result.age: breaking: the new version does not return a property that callers require",
    ]);
    expect(asResult(old, object({ "name?": string }))).toEqual([
      "f.result.name: breaking: the new version may leave out a property that callers require",
    ]);
    expect(isCompatible(asResult(object({ "name?": string }), old))).toBe(true);
    expect(isCompatible(asResult(object({ name: string, "age?": number }), old))).toBe(true);
  });

  test("renaming is a removal and an addition", () => {
    expect(asArgument(object({ name: string }), object({ title: string }))).toEqual([
      "f.args[0].title: breaking: the new version requires a property that callers don't send",
      "f.args[0].name: breaking: callers send a property that the new version does not know",
    ]);
    expect(isCompatible(asArgument(object({ "name?": string }), object({ "title?": string })))).toBe(false);
    expect(isCompatible(asResult(object({ name: string }), object({ title: string })))).toBe(false);
  });

  test("an index signature takes properties of its type", () => {
    expect(isCompatible(asArgument(object({ a: number, b: number }), record(number)))).toBe(true);
    expect(isCompatible(asArgument(object({ a: number, b: string }), record(number)))).toBe(false);
    expect(isCompatible(asArgument(record(number), object({ "a?": number })))).toBe(false);
    expect(isCompatible(asResult(object({ "a?": number }), record(number)))).toBe(true);
    expect(isCompatible(asResult(object({ "a?": number }), record(string)))).toBe(false);
    expect(isCompatible(asResult(object({ a: number }), record(number)))).toBe(false);
  });
});

/** Each pair: values of the first are values of the second, and (unless it says "same") not the other way round. */
const NARROWER: [name: string, narrow: Type, wide: Type][] = [
  ["i8 into i32", integer("i8"), integer("i32")],
  ["u8 into i16", integer("u8"), integer("i16")],
  ["u32 into number", integer("u32"), number],
  ["f32 into number", { kind: "number", format: "f32" }, number],
  ["u16 into f32", integer("u16"), { kind: "number", format: "f32" }],
  ["i64 into bigint", { kind: "bigint", format: "i64" }, bigint],
  ["a number with bounds into one without", numberIn({ minimum: 0, maximum: 10 }), number],
  ["tighter into looser bounds", numberIn({ minimum: 5 }), numberIn({ minimum: 0 })],
  ["an integer into bounds that it cannot break", integer("u8"), numberIn({ minimum: 0, maximum: 255 })],
  ["bigint bounds", { kind: "bigint", minimum: "1" }, { kind: "bigint", minimum: "0" }],
  ["a shorter string", stringOf({ maxLength: 5 }), stringOf({ maxLength: 10 })],
  ["a pattern into any string", stringOf({ pattern: "^a" }), string],
  ["short bytes", { kind: "bytes", maxLength: 4 }, bytes],
  ["a literal into its type", literal("a"), string],
  ["a literal into a type whose pattern it matches", literal("abc"), stringOf({ pattern: "^a", minLength: 2 })],
  ["a number literal into an integer", literal(7), integer("u8")],
  ["a bigint literal", { kind: "bigintLiteral", value: "7" }, { kind: "bigint", format: "u64" }],
  ["true into boolean", literal(true), boolean],
  ["a member into its union", string, union(string, nothing)],
  ["fewer literals", union(literal("a"), literal("b")), union(literal("a"), literal("b"), literal("c"))],
  ["literals into string", union(literal("a"), literal("b")), string],
  ["anything into unknown", object({ a: string }), unknown],
  ["an array of narrower items", array(integer("u8")), array(number)],
  ["a longer least length", array(string, { minItems: 2 }), array(string)],
  ["a tuple into an array", tuple([string, string]), array(string)],
  ["a tuple into an array of fitting length", tuple([string, string]), array(string, { minItems: 2, maxItems: 3 })],
  ["a tuple without the optional element", tuple([string]), tuple([string, optional(number)])],
  ["a tuple into one with a rest", tuple([string, number]), tuple([string], number)],
  ["a set of narrower items", set(literal("a")), set(string)],
  ["a map of narrower values", map(string, integer("u8")), map(string, number)],
  ["a map of narrower keys", map(literal("a"), number), map(string, number)],
  [
    "fewer kinds of objects",
    object({ kind: literal("a"), x: number }),
    union(object({ kind: literal("a"), x: number }), object({ kind: literal("b") })),
  ],
];

describe("narrower and wider types", () => {
  for (const [name, narrow, wide] of NARROWER) {
    test(`${name}: an argument may widen, a result may narrow, neither the other way round`, () => {
      expect(asArgument(narrow, wide).length).toBeGreaterThan(0);
      expect(asArgument(narrow, wide).filter((change) => change.includes("breaking"))).toEqual([]);
      expect(asResult(wide, narrow).filter((change) => change.includes("breaking"))).toEqual([]);
      expect(isCompatible(asArgument(wide, narrow))).toBe(false);
      expect(isCompatible(asResult(narrow, wide))).toBe(false);
    });
  }
});

/** Neither is a value of the other, although some of them look alike on the wire. */
const UNRELATED: [Type, Type][] = [
  [string, number],
  [string, date],
  [bytes, string],
  [number, bigint],
  [integer("i32"), bigint],
  [integer("i8"), integer("u8")],
  [integer("i32"), { kind: "number", format: "f32" }],
  [nothing, undefinedType],
  [array(string), set(string)],
  [record(string), map(string, string)],
  [tuple([string]), tuple([string, string])],
  [literal("a"), literal("b")],
  [stringOf({ pattern: "^a" }), stringOf({ pattern: "^b" })],
  [literal("b"), stringOf({ pattern: "^a" })],
  [literal(1.5), integer("u8")],
  [tuple([string, number]), array(string)],
];

describe("unrelated types", () => {
  for (const [one, other] of UNRELATED) {
    test(`${JSON.stringify(one)} and ${JSON.stringify(other)}`, () => {
      for (const compare of [asArgument, asResult]) {
        expect(isCompatible(compare(one, other))).toBe(false);
        expect(isCompatible(compare(other, one))).toBe(false);
      }
    });
  }

  test("optional properties of unrelated types break as well", () => {
    expect(asArgument(object({ "a?": string }), object({ "a?": number }))).toEqual([
      "f.args[0].a: breaking: callers send string, the new version expects number",
    ]);
  });
});

describe("messages", () => {
  test("bounds say what was and what is allowed", () => {
    expect(asArgument(numberIn({ maximum: 200 }), numberIn({ maximum: 150 }))).toEqual([
      "f.args[0]: breaking: callers may send at most 200, the new version expects at most 150",
    ]);
    expect(asArgument(array(string), array(string, { minItems: 1 }))).toEqual([
      "f.args[0]: breaking: callers may send any number of items, the new version expects at least 1 items",
    ]);
    expect(asArgument(string, stringOf({ pattern: "^a" }))).toEqual([
      "f.args[0]: breaking: callers may send any string, the new version expects strings that match /^a/",
    ]);
  });

  test("bounds in single precision are rounded as its values are", () => {
    const single = { kind: "number", format: "f32", minimum: 0.7 } as const;
    expect(asArgument(single, numberIn({ minimum: 0.7 }))).toEqual([
      "f.args[0]: breaking: callers may send at least 0.699999988079071, the new version expects at least 0.7",
    ]);
    expect(isCompatible(asArgument(single, numberIn({ minimum: 0.6 })))).toBe(true);
  });

  test("unions name the members that matter", () => {
    const old = union(literal("a"), literal("b"), nothing);
    expect(asArgument(old, union(literal("a"), literal("c")))).toEqual([
      'f.args[0]: breaking: callers may send "b" | null, the new version expects "a" | "c"',
      'f.args[0]: ok: the new version also accepts "c"',
    ]);
    expect(asResult(old, union(literal("a"), literal("c")))).toEqual([
      'f.result: breaking: the new version may return "c", callers expect "a" | "b" | null',
      'f.result: ok: the new version does not return "b" | null, which callers are ready for',
    ]);
  });

  test("types with a name are called by it", () => {
    const changes = verdicts(method([ref("User")]), method([ref("Id")]), {
      old: { User: object({ name: string }) },
      current: { Id: number },
    });
    expect(changes).toEqual(["f.args[0]: breaking: callers send User, the new version expects Id"]);
  });
});

describe("unions of objects", () => {
  const shapes = (circle: Type, square: Type): Type =>
    union(object({ kind: literal("circle"), r: circle }), object({ kind: literal("square"), a: square }));

  test("are compared member by member", () => {
    expect(asArgument(shapes(number, number), shapes(number, string))).toEqual([
      "f.args[0].a: breaking: callers send number, the new version expects string",
    ]);
  });

  test("name the discriminating values that the receiver lacks", () => {
    const more = union(
      object({ kind: literal("circle"), r: number }),
      object({ kind: literal("square"), a: number }),
      object({ kind: literal("line") }),
    );
    expect(asArgument(more, shapes(number, number))).toEqual([
      'f.args[0].kind: breaking: callers may send "line", the new version expects "circle" | "square"',
    ]);
    expect(isCompatible(asArgument(shapes(number, number), more))).toBe(true);
  });

  test("an object whose kind may be several fits if it fits each of them", () => {
    const either = object({ kind: union(literal("circle"), literal("square")), r: number, a: number });
    const changes = asResult(shapes(number, number), either);
    expect(isCompatible(changes)).toBe(true);
    expect(isCompatible(asResult(shapes(number, string), either))).toBe(false);
  });

  test("an object without the discriminating property cannot be told apart on the wire", () => {
    expect(isCompatible(asResult(shapes(number, number), object({ r: number, a: number })))).toBe(false);
  });
});

describe("recursive types", () => {
  const list = (value: Type): Types => ({ List: object({ value, "next?": ref("List") }) });

  test("are compared once around, and differences are told where they are met first", () => {
    const old = method([ref("List")]);
    expect(verdicts(old, old, { old: list(string), current: list(number) })).toEqual([
      "f.args[0].value: breaking: callers send string, the new version expects number",
    ]);
    expect(isCompatible(verdicts(old, old, { old: list(integer("u8")), current: list(number) }))).toBe(true);
  });

  test("differently unrolled ones are the same", () => {
    const twice: Types = {
      List: object({ value: string, "next?": object({ value: string, "next?": ref("List") }) }),
    };
    expect(verdicts(method([ref("List")]), method([ref("List")]), { old: list(string), current: twice })).toEqual([]);
  });

  test("deep chains are compared to their end, and too many pairs are refused", () => {
    const chain = (length: number, last: Type): Types =>
      Object.fromEntries(
        Array.from(
          { length },
          (_, index) => [`T${index}`, object({ a: index + 1 < length ? ref(`T${index + 1}`) : last })],
        ),
      );
    const f = method([ref("T0")]);
    const changes = verdicts(f, f, { old: chain(300, string), current: chain(300, number) });
    expect(changes.length).toBe(1);
    const cycle = (length: number): Types =>
      Object.fromEntries(
        Array.from({ length }, (_, index) => [
          `T${index}`,
          object({ "a?": ref(`T${(index + 1) % length}`), ...(index === 0 ? { [`x${length}?`]: string } : {}) }),
        ]),
      );
    expect(() => verdicts(f, f, { old: cycle(331), current: cycle(337) })).toThrow("too many to be compared");
  });
});

describe("a caller's types that are made to be much work", () => {
  const literals = Array.from({ length: 16_000 }, (_, index) => literal(`${"x".repeat(200)}${index}`));
  const properties = (type: (index: number) => Type): Type =>
    object(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`p${index}`, type(index)])));
  const caller = { f: method([properties(() => ref("Large"))]) };

  test("are compared with each pattern of the server only up to a bound", () => {
    const server = { f: method([properties((index) => stringOf({ pattern: "^[a-z0-9]+$", maxLength: 500 + index }))]) };
    const compare = () => compareSchemas(schema(caller, { Large: union(...literals) }), schema(server));
    expect(compare).toThrow("too many to be compared");
  });

  test("are compared with long unions of literals without comparing each with each", () => {
    const server = { f: method([properties((index) => union(...literals.slice(index, index + 400)))]) };
    expect(compareSchemas(schema(caller, { Large: union(...literals) }), schema(server)).length).toBe(50);
  });
});
