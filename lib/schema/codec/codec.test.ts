import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { CellError, Writer } from "../../base/mod.ts";
import type { Type } from "../schema.ts";
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
import { type Codec, compileCodec, compileMethod, unknownCodec } from "./mod.ts";

/** What is to take no time would take minutes or years if it were done otherwise: a minute tells the two apart anywhere. */
setDefaultTimeout(120_000);

const TYPES = definitions({
  Item: object({ sku: string, price: number, "note?": string }),
  Order: object({
    items: array(ref("Item")),
    status: union(literal("new"), literal("paid")),
    "by name?": record(integer("u8")),
  }),
  List: object({ value: number, "next?": ref("List") }),
});

function codecOf(type: Type): Codec {
  return compileCodec(type, TYPES, "value");
}

function encode(codec: Codec, value: unknown): Uint8Array {
  const writer = new Writer();
  codec.encode(value, writer);
  return writer.written().slice();
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

function decode(codec: Codec, text: string): unknown {
  const frame = hex(text);
  return codec.decode(frame, 0, frame.length);
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CellError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

function refusal(type: Type, value: unknown): string {
  return messageOf(() => encode(codecOf(type), value)).replace("INVALID_ARGUMENT ", "");
}

function wireRefusal(type: Type, text: string): string {
  return messageOf(() => decode(codecOf(type), text)).replace("INVALID_ARGUMENT ", "");
}

describe("errors name the place, what is expected and what was found", () => {
  const order = (price: unknown) => ({ status: "new", items: [{ sku: "a", price: 1 }, { sku: "b", price }] });

  test("when a value is encoded", () => {
    const type = ref("Order");
    expect(refusal(type, order("12"))).toBe('value.items[1].price: expected number, found string "12"');
    expect(refusal(type, order(undefined))).toBe("value.items[1].price: missing, expected number");
    expect(refusal(type, { ...order(1), status: "nope" })).toBe(
      'value.status: expected "new" | "paid", found string "nope"',
    );
    expect(refusal(type, { ...order(1), "by name": { a: 1, "b c": 256 } }))
      .toBe('value["by name"]["b c"]: expected u8, an integer from 0 to 255, found number 256');
    expect(refusal(type, null)).toBe("value: expected Order, found null");
    expect(refusal(type, [])).toBe(
      'value.status: missing, expected "new" | "paid"'.replace("status", "items").replace('"new" | "paid"', "Item[]"),
    );
  });

  test("when a message is decoded", () => {
    const frame = encode(codecOf(unknown), order("12"));
    expect(messageOf(() => codecOf(ref("Order")).decode(frame, 0, frame.length)))
      .toBe('INVALID_ARGUMENT value.items[1].price: expected number, found string "12"');
    expect(wireRefusal(ref("Item"), "81 a3736b75 a161")).toBe("value.price: missing, expected number");
    expect(wireRefusal(ref("Item"), "93010203")).toBe("value: expected Item, found array of 3");
    expect(wireRefusal(integer("i8"), "cc80")).toBe(
      "value: expected i8, an integer from -128 to 127, found number 128",
    );
    expect(wireRefusal(number, "cf0020000000000001")).toBe("value: expected number, found integer 9007199254740993");
  });

  test("bounds and patterns, both ways", () => {
    const cases: [Type, unknown, string][] = [
      [numberIn({ minimum: 0, maximum: 150 }), 151, "value: expected at most 150, found 151"],
      [numberIn({ minimum: 0 }), -1, "value: expected at least 0, found -1"],
      [numberIn({ minimum: 0 }), NaN, "value: expected at least 0, found NaN"],
      [stringOf({ minLength: 2 }), "a", "value: expected at least 2 characters, found 1"],
      [stringOf({ maxLength: 1 }), "ab", "value: expected at most 1 character, found 2"],
      [stringOf({ pattern: "^a$" }), "b", 'value: expected a string that matches /^a$/, found "b"'],
      [{ kind: "bytes", maxLength: 1 }, Uint8Array.of(1, 2), "value: expected at most 1 byte, found 2"],
      [array(number, { minItems: 1 }), [], "value: expected at least 1 item, found 0"],
      [set(number, { maxItems: 1 }), new Set([1, 2]), "value: expected at most 1 item, found 2"],
      [map(string, number, { minItems: 1 }), new Map(), "value: expected at least 1 item, found 0"],
      [{ kind: "bigint", minimum: "5" }, 4n, "value: expected at least 5, found 4"],
    ];
    for (const [type, value, message] of cases) {
      expect(refusal(type, value)).toBe(message);
      const frame = encode(codecOf(unknown), value);
      expect(messageOf(() => codecOf(type).decode(frame, 0, frame.length))).toBe(`INVALID_ARGUMENT ${message}`);
    }
  });

  test("long values and paths are shortened", () => {
    expect(refusal(number, "x".repeat(1000))).toBe(`value: expected number, found string "${"x".repeat(40)}..."`);
    const nested = object({ ["k".repeat(400)]: number });
    expect(refusal(nested, {}).length).toBeLessThan(300);
  });

  test("what cannot be sent as unknown", () => {
    const cases: [unknown, string][] = [
      [{ a: [1, () => 0] }, "value.a[1]: expected a value that can be sent, found function"],
      [{ a: Promise.resolve(1) }, "value.a: expected a value that can be sent, found Promise"],
      [new Map([["k", Symbol("x")]]), "value.k: expected a value that can be sent, found symbol"],
      [[1n << 64n], "value[0]: expected a bigint of at most 64 bits, found bigint 18446744073709551616"],
      [{ a: "\ud800" }, "value.a: expected Unicode text, found a string with a lone surrogate"],
      [[new Date(NaN)], "value[0]: expected a valid Date, found an invalid Date"],
      [JSON.parse('{"__proto__": 1}'), 'value: expected no key "__proto__", which would set a prototype'],
      [new Float64Array(1), "value: expected a value that can be sent, found Float64Array"],
    ];
    for (const [value, message] of cases) expect(refusal(unknown, value)).toBe(message);
  });

  test("under a key that cannot become part of a path by itself", () => {
    const keys = [{ toString: 1 }, Object.create(null)];
    for (const key of keys) {
      expect(() => encode(unknownCodec("value"), new Map([[key, Symbol("x")]]))).toThrow(
        "value.get(object): expected a value that can be sent, found symbol",
      );
    }
  });

  test("a cycle is found out at the greatest depth", () => {
    const cycle: { value: number; next?: unknown } = { value: 1 };
    cycle.next = cycle;
    expect(refusal(ref("List"), cycle)).toContain("expected at most 128 levels, found more; is there a cycle?");
    expect(refusal(unknown, cycle)).toContain("is there a cycle?");
  });

  test("a failed encoding leaves the writer as it was", () => {
    const writer = new Writer(4);
    writer.append(Uint8Array.of(1, 2, 3));
    expect(() => codecOf(array(string)).encode(["x".repeat(100), 5], writer)).toThrow("value[1]");
    expect([...writer.written()]).toEqual([1, 2, 3]);
    codecOf(array(string)).encode(["y"], writer);
    expect([...writer.written()]).toEqual([1, 2, 3, 0x91, 0xa1, 0x79]);
  });

  test("an error of the value itself passes through, and leaves the writer as it was", () => {
    const writer = new Writer();
    const value = {
      sku: "a",
      get price(): number {
        throw new TypeError("mine");
      },
    };
    expect(() => codecOf(ref("Item")).encode(value, writer)).toThrow(new TypeError("mine"));
    expect(writer.length).toBe(0);
  });
});

describe("objects", () => {
  test("only declared properties are written, and undefined ones are left out", () => {
    expect(encode(codecOf(ref("Item")), { sku: "a", price: 1, note: undefined, secret: "s" }).toHex()).toBe(
      "82a3736b75a161a5707269636501",
    );
  });

  test("properties may come in any order, unknown ones are passed over", () => {
    const frame = encode(codecOf(unknown), {
      extra: { deep: [1, "x", new Date(0), Uint8Array.of(1)] },
      note: "n",
      price: 2,
      sku: "s",
    });
    expect(codecOf(ref("Item")).decode(frame, 0, frame.length)).toEqual({ sku: "s", price: 2, note: "n" });
  });

  test("absent properties are absent, nil too where the type admits no null", () => {
    const value = decode(codecOf(ref("Item")), "83 a3736b75 a161 a57072696365 01 a46e6f7465 c0");
    expect(Object.keys(value as object)).toEqual(["sku", "price"]);
    expect(decode(codecOf(object({ "a?": union(string, nothing) })), "81 a161 c0")).toStrictEqual({ a: null });
    expect(decode(codecOf(object({ "a?": undefinedType })), "81 a161 c0")).toStrictEqual({});
  });

  test("keys come in the declared order", () => {
    const type = object({ "a?": number, b: number, "c?": number });
    const frame = encode(codecOf(type), { c: 3, b: 2, a: 1 });
    expect(Object.keys(codecOf(type).decode(frame, 0, frame.length) as object)).toEqual(["a", "b", "c"]);
    expect(frame.toHex()).toBe("83a16101a16202a16303");
  });

  test("a key twice is refused, in order, out of order, declared or not", () => {
    const type = object({ a: number, "b?": number });
    expect(wireRefusal(type, "82 a16101 a16102")).toBe('value: expected each key once, found "a" again');
    expect(wireRefusal(type, "83 a16101 a16201 a16102")).toBe('value: expected each key once, found "a" again');
    expect(wireRefusal(type, "83 a16201 a16101 a16202")).toBe('value: expected each key once, found "b" again');
    expect(wireRefusal(record(number), "82 a17801 a17801")).toBe('value: expected each key once, found "x" again');
    expect(wireRefusal(object({ a: number }, number), "82 a16101 a16101")).toContain("each key once");
    expect(wireRefusal(object({ "a?": number }, number), "82 a161c0 a16101")).toContain("each key once");
    expect(wireRefusal(object({ "a?": number }), "82 a161c0 a16101")).toContain("each key once");
    expect(wireRefusal(map(string, number), "82 a17801 a17801")).toBe(
      'value: expected each key once, found "x" again',
    );
    expect(wireRefusal(unknown, "82 a17801 a17801")).not.toBe("no error");
  });

  test("the key __proto__ is refused everywhere, and no prototype is set", () => {
    const proto = "a95f5f70726f746f5f5f";
    for (const type of [object({ "a?": number }), record(unknown), object({ "a?": number }, unknown), unknown]) {
      expect(wireRefusal(type, `81 ${proto} 81 a161 01`)).not.toBe("no error");
    }
    expect(refusal(record(number), JSON.parse('{"__proto__": 1}'))).toContain("__proto__");
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  test("names that every object has are properties like others", () => {
    const type = object({ "toString?": string, "constructor?": string, hasOwnProperty: string });
    expect(encode(codecOf(type), { hasOwnProperty: "x" }).toHex()).toBe("81ae6861734f776e50726f7065727479a178");
    expect(refusal(type, {})).toBe("value.hasOwnProperty: missing, expected string");
    const dictionary = { constructor: 1, toString: 2 };
    const frame = encode(codecOf(record(number)), dictionary);
    expect(codecOf(record(number)).decode(frame, 0, frame.length)).toStrictEqual(dictionary);
  });

  test("an instance of a class is written by its properties, accessors included", () => {
    class Item {
      sku = "a";
      get price(): number {
        return 3;
      }
    }
    const frame = encode(codecOf(ref("Item")), new Item());
    expect(codecOf(ref("Item")).decode(frame, 0, frame.length)).toStrictEqual({ sku: "a", price: 3 });
  });

  test("containers are not mistaken for objects without properties", () => {
    for (const value of [[], new Map([["a", 1]]), new Set(), new Date(), new Uint8Array(1)]) {
      expect(refusal(record(number), value)).toContain("expected { [name: string]: number }, found");
      expect(refusal(object({ "a?": number }), value)).toContain("expected { a?: number }, found");
    }
  });

  test("an object of more properties than bits in a mask keeps track of all of them", () => {
    const names = Array.from({ length: 70 }, (_, index) => `p${index}`);
    const type = object(Object.fromEntries(names.map((name, index) => [index % 3 === 0 ? `${name}?` : name, number])));
    const value = Object.fromEntries(names.map((name, index) => [name, index]));
    const codec = codecOf(type);
    const forward = encode(codec, value);
    expect(codec.decode(forward, 0, forward.length)).toStrictEqual(value);
    const backward = encode(codecOf(unknown), Object.fromEntries(Object.entries(value).reverse()));
    expect(codec.decode(backward, 0, backward.length)).toStrictEqual(value);
    const { p64: _, ...incomplete } = value;
    const frame = encode(codecOf(unknown), incomplete);
    expect(messageOf(() => codec.decode(frame, 0, frame.length))).toContain("value.p64: missing");
  });
});

describe("nothing that a schema says becomes code", () => {
  const EVIL = [
    '"]; throw 1; //',
    "`${globalThis.hacked = 1}`",
    "\\",
    "'",
    "\u2028\u2029",
    "*/",
    "</script>",
    "\n",
    "a\0b",
  ];

  test("neither names, nor literals, nor patterns", () => {
    const type = object(Object.fromEntries(EVIL.map((text) => [text, union(literal(text), literal(`${text}2`))])));
    const value = Object.fromEntries(EVIL.map((text) => [text, text]));
    const codec = codecOf(type);
    const frame = encode(codec, value);
    expect(codec.decode(frame, 0, frame.length)).toStrictEqual(value);
    for (const text of EVIL) {
      expect(refusal(type, { ...value, [text]: "other" })).toContain("expected");
      expect(refusal(object({ [text]: number }, string), {})).toContain("missing, expected number");
      expect(refusal(literal(text), 1)).toContain("found number 1");
      expect(refusal(ref(text), 1)).toContain("expected the name of a type");
    }
    const tagged = union(...EVIL.map((text) => object({ [EVIL[0]!]: literal(text) })));
    for (const text of EVIL) {
      const bytesOf = encode(codecOf(tagged), { [EVIL[0]!]: text });
      expect(codecOf(tagged).decode(bytesOf, 0, bytesOf.length)).toStrictEqual({ [EVIL[0]!]: text });
    }
    expect(refusal(stringOf({ pattern: "^[`\"'\u2028/\\\\]$" }), "x")).toContain("that matches");
    expect((globalThis as { hacked?: number }).hacked).toBeUndefined();
  });

  test("nor names of types", () => {
    const codec = compileCodec(ref(EVIL[0]!), definitions({ [EVIL[0]!]: object({ a: number }) }), EVIL[1]!);
    expect(messageOf(() => encode(codec, 1))).toContain(`${EVIL[1]}: expected ${EVIL[0]}, found number 1`);
  });
});

describe("numbers", () => {
  test("take their shortest integer form up to 32 bits, beyond it a double", () => {
    const forms: [number, string][] = [
      [0, "00"],
      [127, "7f"],
      [128, "cc80"],
      [256, "cd0100"],
      [65_536, "ce00010000"],
      [2 ** 32 - 1, "ceffffffff"],
      [2 ** 32, "cb41f0000000000000"],
      [-32, "e0"],
      [-33, "d0df"],
      [-129, "d1ff7f"],
      [-32_769, "d2ffff7fff"],
      [-(2 ** 31) - 1, "cbc1e0000000200000"],
      [-0, "cb8000000000000000"],
      [1.5, "cb3ff8000000000000"],
      [NaN, "cb7ff8000000000000"],
    ];
    for (const [value, form] of forms) {
      expect(encode(codecOf(number), value).toHex()).toBe(form);
      expect(decode(codecOf(number), form)).toBe(value);
    }
  });

  test("of every form are read", () => {
    for (
      const form of [
        "05",
        "cc05",
        "cd0005",
        "ce00000005",
        "cf0000000000000005",
        "d005",
        "d10005",
        "d200000005",
        "d30000000000000005",
        "ca40a00000",
        "cb4014000000000000",
      ]
    ) {
      expect(decode(codecOf(number), form)).toBe(5);
      expect(decode(codecOf(integer("u8")), form)).toBe(5);
      expect(decode(codecOf(unknown), form)).toBe(5);
      if (!form.startsWith("ca") && !form.startsWith("cb")) expect(decode(codecOf(bigint), form)).toBe(5n);
    }
    expect(decode(codecOf(unknown), "cf0020000000000001")).toBe(9007199254740993n);
    expect(decode(codecOf(number), "d3ffe0000000000001")).toBe(-(2 ** 53) + 1);
  });

  test("in f32 take four bytes and are rounded to what fits them", () => {
    const type: Type = { kind: "number", format: "f32", maximum: 0.1 };
    expect(encode(codecOf(type), 0.1).toHex()).toBe("ca3dcccccd");
    expect(decode(codecOf(type), "ca3dcccccd")).toBe(Math.fround(0.1));
    expect(decode(codecOf(type), "cb3fb999999999999a")).toBe(Math.fround(0.1));
    expect(refusal({ kind: "number", format: "f32" }, 1e300)).toContain("single precision");
    expect(decode(codecOf({ kind: "number", format: "f32" }), "ca7f800000")).toBe(Infinity);
  });

  test("64-bit integers keep every digit", () => {
    expect(encode(codecOf({ kind: "bigint", format: "u64" }), 2n ** 64n - 1n).toHex()).toBe("cfffffffffffffffff");
    expect(encode(codecOf({ kind: "bigint", format: "i64" }), -1n).toHex()).toBe("d3ffffffffffffffff");
    expect(refusal({ kind: "bigint", format: "u64" }, -1n)).toBe(
      "value: expected u64, from 0 to 18446744073709551615, found bigint -1",
    );
    expect(refusal(bigint, 2n ** 64n)).toContain("found bigint 18446744073709551616");
    expect(refusal(bigint, 5)).toBe("value: expected bigint, found number 5");
  });
});

describe("strings", () => {
  test("of every length come back, with the shortest header", () => {
    for (const length of [0, 1, 16, 17, 31, 32, 63, 64, 65, 255, 256, 4095, 4096, 65_535, 65_536, 100_000]) {
      for (const unit of ["a", "é", "日", "🦑"]) {
        const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length).toWellFormed();
        const frame = encode(codecOf(string), text);
        const size = new TextEncoder().encode(text).length;
        expect(frame.length).toBe(size + (size < 32 ? 1 : size < 256 ? 2 : size < 65_536 ? 3 : 5));
        expect(codecOf(string).decode(frame, 0, frame.length)).toBe(text);
      }
    }
  });

  test("lone surrogates are refused on the way out, broken UTF-8 on the way in", () => {
    for (const text of ["\ud800", "a\udc00b", `${"x".repeat(100)}\ud800`, `${"é".repeat(5000)}\ud800`]) {
      expect(refusal(string, text)).toBe("value: expected Unicode text, found a string with a lone surrogate");
    }
    const broken = ["a1ff", "a2c080", "a3eda080", "a2c3", "a4f4908080", "a1c3", `d964${"61".repeat(99)}ff`];
    for (const form of broken) expect(wireRefusal(string, form)).not.toBe("no error");
    expect(wireRefusal(string, "a1ff")).toBe("value: expected UTF-8, found other bytes");
    expect(decode(codecOf(string), "a3efbfbd")).toBe("\ufffd");
    expect(decode(codecOf(string), "a4efbbbf61")).toBe("\ufeffa");
  });

  test("too long ones are refused before they are made", () => {
    const frame = Uint8Array.from([0xdb, 0, 0x40, 0, 0, ...new Uint8Array(2 ** 22).fill(0x61)]);
    expect(messageOf(() => codecOf(stringOf({ maxLength: 10 })).decode(frame, 0, frame.length)))
      .toBe("INVALID_ARGUMENT value: expected at most 10 characters, found 4194304 bytes");
  });
});

describe("dates", () => {
  test("take the shortest timestamp, all three of which are read", () => {
    const forms: [number, string][] = [
      [0, "d6ff00000000"],
      [1_700_000_000_000, "d6ff6553f100"],
      [1_700_000_000_123, "d7ff1d5353006553f100"],
      [2 ** 32 * 1000, "d7ff0000000100000000"],
      [-1, "c70cff3b8b87c0ffffffffffffffff"],
      [8.64e15, "c70cff00000000000007dba8218000"],
    ];
    for (const [timeMs, form] of forms) {
      expect(encode(codecOf(date), new Date(timeMs)).toHex()).toBe(form);
      expect(decode(codecOf(date), form)).toEqual(new Date(timeMs));
      expect(decode(codecOf(unknown), form)).toEqual(new Date(timeMs));
    }
  });

  test("that a Date does not hold, or nobody could have meant, are refused", () => {
    for (
      const form of [
        "c70cff000000007fffffffffffffff",
        "d7ffee6b280000000000",
        "d6fe00000000",
        "c70cff3b9aca000000000000000000",
      ]
    ) {
      expect(wireRefusal(date, form)).toContain("value: expected Date, found");
      expect(wireRefusal(unknown, form)).not.toBe("no error");
    }
  });
});

describe("unions", () => {
  const mixed = union(
    nothing,
    boolean,
    integer("u8"),
    literal("auto"),
    literal("off"),
    date,
    bytes,
    array(string),
    object({ a: number }),
  );

  test("choose the member by what the value is", () => {
    for (const value of [null, true, 7, "auto", new Date(5), Uint8Array.of(1), ["x"], { a: 1 }]) {
      const frame = encode(codecOf(mixed), value);
      expect(codecOf(mixed).decode(frame, 0, frame.length)).toEqual(value);
    }
    expect(refusal(mixed, "other")).toContain('found string "other"');
    expect(refusal(mixed, 256)).toContain("value: expected u8, an integer from 0 to 255, found number 256");
    expect(refusal(mixed, { a: "x" })).toContain("value.a: expected number");
    expect(wireRefusal(mixed, "a3666f6f")).toContain('found string "foo"');
  });

  test("nil is null where null is a member, undefined otherwise", () => {
    expect(decode(codecOf(union(string, undefinedType)), "c0")).toBeUndefined();
    expect(decode(codecOf(union(string, undefinedType, nothing)), "c0")).toBeNull();
    expect(encode(codecOf(union(string, undefinedType)), undefined).toHex()).toBe("c0");
    expect(refusal(union(string, nothing), undefined)).toBe("value: missing, expected string | null");
  });

  const shape = union(
    object({ r: number, kind: literal("circle") }),
    object({ a: number, kind: union(literal("square"), literal("rectangle")) }),
    object({ kind: literal(7) }),
  );

  test("of objects go by their discriminating property, wherever it stands", () => {
    for (
      const value of [{ r: 1, kind: "circle" }, { a: 2, kind: "square" }, { a: 2, kind: "rectangle" }, { kind: 7 }]
    ) {
      const ours = encode(codecOf(shape), value);
      expect(codecOf(shape).decode(ours, 0, ours.length)).toStrictEqual(value);
      for (const entries of [Object.entries(value), Object.entries(value).reverse()]) {
        const theirs = encode(codecOf(unknown), { ...Object.fromEntries(entries), more: [1, { x: 2 }] });
        expect(codecOf(shape).decode(theirs, 0, theirs.length)).toStrictEqual(value);
      }
    }
    expect(encode(codecOf(shape), { r: 1, kind: "circle" }).toHex()).toStartWith("82a46b696e64");
    expect(refusal(shape, { kind: "line" })).toBe(
      'value.kind: expected "circle" | "square" | "rectangle" | 7, found string "line"',
    );
    expect(refusal(shape, {})).toBe('value.kind: missing, expected "circle" | "square" | "rectangle" | 7');
    expect(wireRefusal(shape, "80")).toBe('value.kind: missing, expected "circle" | "square" | "rectangle" | 7');
    expect(wireRefusal(shape, "81 a46b696e64 a46c696e65")).toBe(
      'value.kind: expected "circle" | "square" | "rectangle" | 7, found string "line"',
    );
    expect(wireRefusal(shape, "81 a46b696e64 a6636972636c65")).toBe("value.r: missing, expected number");
  });

  test("searching for discriminating properties is bounded for the whole message", () => {
    // Each level has its kind last, after all that is inside it: looking for it passes over the rest again and again.
    const type = union(
      object({ kind: literal("a"), "in?": unknown, "items?": array(ref("T")) }),
      object({ kind: literal("b") }),
    );
    const codec = compileCodec(ref("T"), definitions({ T: type }), "value");
    const frame = [0x83, 0xa5, ...new TextEncoder().encode("items"), 0x91];
    const inner = [0x81, 0xa4, ...new TextEncoder().encode("kind"), 0xa1, 0x62];
    const junk = [0xa2, 0x69, 0x6e, 0xdd, 0, 1, 0, 0, ...new Array<number>(2 ** 16).fill(1)];
    const tail = [...junk, 0xa4, ...new TextEncoder().encode("kind"), 0xa1, 0x61];
    let message = inner;
    for (let depth = 0; depth < 40; depth++) message = [...frame, ...message, ...tail];
    expect(messageOf(() => codec.decode(Uint8Array.from(message), 0, message.length))).toContain("kind");
  });
});

describe("collections", () => {
  test("Map, Set, tuples and dictionaries come back as what they are", () => {
    const cases: [Type, unknown][] = [
      [map(integer("i32"), string), new Map([[1, "a"], [-1, "b"]])],
      [map(bigint, boolean), new Map([[2n ** 60n, true]])],
      [set(string), new Set(["a", "b"])],
      [record(array(number)), { a: [1], b: [] }],
      [tuple([string, optional(number)], boolean), ["a", 1, true, false]],
      [tuple([string, optional(number)]), ["a"]],
    ];
    for (const [type, value] of cases) {
      const frame = encode(codecOf(type), value);
      expect(codecOf(type).decode(frame, 0, frame.length)).toStrictEqual(value);
    }
  });

  test("a tuple has the elements it must and may have", () => {
    const type = tuple([string, number, optional(boolean)]);
    expect(refusal(type, ["a"])).toBe("value[1]: missing, expected number");
    expect(refusal(type, ["a", 1, true, 2])).toBe("value: expected at most 3 elements, found 4");
    expect(wireRefusal(type, "91a161")).toBe("value[1]: missing, expected number");
    expect(wireRefusal(type, "94a16101c3c3")).toBe("value: expected at most 3 elements, found 4");
    expect(encode(codecOf(type), ["a", 1, undefined]).toHex()).toBe("92a16101");
  });

  test("binary data is copied, and a Buffer comes back as Uint8Array", () => {
    const frame = Buffer.from(encode(codecOf(bytes), Buffer.from([1, 2, 3])));
    const back = codecOf(bytes).decode(frame, 0, frame.length) as Uint8Array;
    expect(back.constructor).toBe(Uint8Array);
    frame.fill(0);
    expect([...back]).toEqual([1, 2, 3]);
  });
});

describe("the whole message", () => {
  test("must be used up, and must be there", () => {
    expect(wireRefusal(number, "01 02")).toBe("value: expected the message to end here, found 1 more bytes");
    expect(wireRefusal(number, "")).toBe("value: expected number, found the end of the message");
    expect(wireRefusal(number, "cb00")).toContain("value: expected number, found");
    expect(wireRefusal(object({ a: string }), "81 a161 a561")).toBe(
      "value.a: a string of 5 cannot be in the 1 bytes that are left of the message",
    );
    expect(wireRefusal(array(number), "dd ffffffff 01")).toBe(
      "value: an array of 4294967295 cannot be in the 1 bytes that are left of the message",
    );
  });

  test("may lie anywhere in a buffer, whose other bytes are not looked at", () => {
    const codec = codecOf(array(number));
    const buffer = hex("ffff 93 01 02 03 04 05");
    expect(codec.decode(buffer, 2, 6)).toEqual([1, 2, 3]);
    expect(() => codec.decode(buffer, 2, 5)).toThrow("an array of 3 cannot be in the 2 bytes");
    expect(() => codec.decode(buffer, 2, 7)).toThrow("1 more bytes");
    expect(codec.decode(new Uint8Array(buffer.buffer, 2, 4), 0, 4)).toEqual([1, 2, 3]);
  });
});

describe("methods", () => {
  const service = schema({
    f: method([string, { type: number, optional: true }, { type: boolean, rest: true }], number),
    streams: method([{ type: string, stream: true }, { type: number, optional: true }], date, { resultStream: true }),
    none: method([]),
  });

  test("arguments are an array: optional ones may be absent at its end, and are nil in its middle", () => {
    const { args } = compileMethod(service, "f");
    const written = (values: unknown[]): string => encode(args as Codec, values).toHex();
    expect(written(["a"])).toBe("91a161");
    expect(written(["a", undefined])).toBe("91a161");
    expect(written(["a", undefined, true])).toBe("93a161c0c3");
    expect(written(["a", 1, true, false])).toBe("94a16101c3c2");
    expect(decode(args as Codec, "91a161")).toEqual(["a"]);
    expect(decode(args as Codec, "93a161c0c3")).toEqual(["a", undefined, true]);
  });

  test("errors begin with args, result or item", () => {
    const { args, result } = compileMethod(service, "f");
    expect(messageOf(() => encode(args as Codec, []))).toBe("INVALID_ARGUMENT args[0]: missing, expected string");
    expect(messageOf(() => encode(args as Codec, ["a", 1, "x"]))).toBe(
      'INVALID_ARGUMENT args[2]: expected boolean, found string "x"',
    );
    expect(messageOf(() => encode(result, "x"))).toBe('INVALID_ARGUMENT result: expected number, found string "x"');
    const streams = compileMethod(service, "streams");
    expect(messageOf(() => encode(streams.result, 1))).toBe("INVALID_ARGUMENT item: expected Date, found number 1");
    expect(messageOf(() => encode(streams.streamParam!, 1))).toBe(
      "INVALID_ARGUMENT item: expected string, found number 1",
    );
    const { args: none } = compileMethod(service, "none");
    expect(messageOf(() => encode(none as Codec, [1]))).toBe(
      "INVALID_ARGUMENT args: expected at most 0 arguments, found 1",
    );
    expect(messageOf(() => decode(none as Codec, "9101"))).toBe(
      "INVALID_ARGUMENT args: expected at most 0 arguments, found 1",
    );
    expect(messageOf(() => decode(none as Codec, "80"))).toBe(
      "INVALID_ARGUMENT args: expected an array of arguments, found map of 0",
    );
  });

  test("a stream's place holds nil", () => {
    const { args, streamParam } = compileMethod(service, "streams");
    async function* items() {}
    expect(encode(args as Codec, [items(), 5]).toHex()).toBe("92c005");
    expect(encode(args as Codec, [items()]).toHex()).toBe("91c0");
    expect(decode(args as Codec, "92c005")).toEqual([undefined, 5]);
    expect(messageOf(() => decode(args as Codec, "9201c0"))).toContain("args[0]: expected undefined, found number 1");
    expect(decode(streamParam!, "a161")).toBe("a");
  });

  test("a stream's place holds nil before required arguments too", () => {
    const { args } = compileMethod(schema({ f: method([{ type: string, stream: true }, number]) }), "f");
    expect(encode(args as Codec, [{}, 5]).toHex()).toBe("92c005");
    expect(decode(args as Codec, "92c005")).toEqual([undefined, 5]);
  });

  test("a result of nothing is nil", () => {
    const { result } = compileMethod(service, "none");
    expect(encode(result, undefined).toHex()).toBe("c0");
    expect(decode(result, "c0")).toBeUndefined();
  });

  test("a method that does not exist is said to be so", () => {
    expect(() => compileMethod(service, "toString")).toThrow('no method "toString"');
  });
});

describe("values without a schema", () => {
  const codec = unknownCodec("data");

  test("come back as what they are", () => {
    const value = {
      null: null,
      list: [1, -1.5, "x", true, [], {}],
      date: new Date(5),
      bytes: Uint8Array.of(1),
      large: 2n ** 60n,
      map: new Map<unknown, unknown>([[1, "a"], ["b", 2]]),
    };
    const frame = encode(codec, value);
    expect(codec.decode(frame, 0, frame.length)).toEqual(value);
  });

  test("are read as plain objects where all keys are strings, and without undefined", () => {
    const frame = encode(codec, { map: new Map([["a", 1]]), set: new Set([1]), gone: undefined, list: [undefined] });
    expect(codec.decode(frame, 0, frame.length)).toStrictEqual({ map: { a: 1 }, set: [1], list: [null] });
  });
});
