import { expect, test } from "bun:test";
import { ByteReader, ByteWriter, ifWellFormed, MalformedError } from "./mod.ts";

const ID = "0123456789abcdef".repeat(2);

test("what is written is read again, at the bounds of every field", () => {
  const bytes = new ByteWriter(1).uint8(255).uint16(65_535).uint32(2 ** 32 - 1).uint48(2 ** 48 - 1)
    .uint53(Number.MAX_SAFE_INTEGER).uint48(2 ** 33).uint53(2 ** 52 + 7).ascii("a text").hex(ID)
    .block(new Uint8Array([1, 2])).raw(new Uint8Array([3])).finish();
  const reader = new ByteReader(bytes);
  expect(reader.uint8("")).toBe(255);
  expect(reader.uint16("")).toBe(65_535);
  expect(reader.uint32("")).toBe(2 ** 32 - 1);
  expect(reader.uint48("")).toBe(2 ** 48 - 1);
  expect(reader.uint53("")).toBe(Number.MAX_SAFE_INTEGER);
  expect(reader.uint48("")).toBe(2 ** 33);
  expect(reader.uint53("")).toBe(2 ** 52 + 7);
  expect(reader.ascii(6, "")).toBe("a text");
  expect(reader.hex(16, "")).toBe(ID);
  expect([...reader.block(2, "")]).toEqual([1, 2]);
  expect([reader.offset, reader.left]).toEqual([bytes.length - 1, 1]);
  expect([...reader.rest()]).toEqual([3]);
  reader.finish("the end");
});

test("a number that JavaScript cannot count to is refused", () => {
  const above = new ByteWriter(8).uint53(2 ** 53).finish();
  expect(() => new ByteReader(above).uint53("it")).toThrow("it is not below 2^53");
});

test("the least byte of a number comes first", () => {
  const written = new ByteWriter(0).uint16(0x102).uint32(0x1020304).uint48(0x30405).uint53(6).finish();
  expect([...written]).toEqual([2, 1, 4, 3, 2, 1, 5, 4, 3, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
});

test("a reader of a part of a buffer sees nothing before and behind it", () => {
  const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
  const reader = new ByteReader(part);
  expect(reader.uint16("it")).toBe(0x201);
  expect(() => reader.uint8("more")).toThrow("more needs 1 bytes, 0 are left");
});

test("every read says what is missing when the bytes end, and reads nothing", () => {
  const reads: ((reader: ByteReader) => unknown)[] = [
    (reader) => reader.uint8("x"),
    (reader) => reader.uint16("x"),
    (reader) => reader.uint32("x"),
    (reader) => reader.uint48("x"),
    (reader) => reader.uint53("x"),
    (reader) => reader.view(1, "x"),
    (reader) => reader.hex(1, "x"),
    (reader) => reader.ascii(9, "x"),
    (reader) => reader.block(9, "x"),
  ];
  for (const read of reads) {
    const reader = new ByteReader(new Uint8Array(0));
    expect(() => read(reader)).toThrow(/reading bytes from outside: x needs \d+ bytes, 0 are left/);
    expect(reader.offset).toBe(0);
  }
});

test("a length that claims more than may be, or than is there, is refused before anything is made of it", () => {
  const claims = new ByteWriter().uint32(2 ** 32 - 1).finish();
  expect(() => new ByteReader(claims).block(100, "it")).toThrow("it has 4294967295 bytes, expected at most 100");
  expect(() => new ByteReader(claims).block(2 ** 32, "it")).toThrow("it needs 4294967295 bytes, 0 are left");
  expect(() => new ByteReader(new Uint8Array([10])).ascii(9, "it")).toThrow("it has 10 bytes, expected at most 9");
  expect(() => new ByteReader(new Uint8Array([9])).ascii(9, "it")).toThrow("it needs 9 bytes, 0 are left");
});

test("texts with anything but printable ASCII are refused", () => {
  for (const byte of [0, 10, 27, 127, 200]) {
    expect(() => new ByteReader(new Uint8Array([1, byte])).ascii(9, "it")).toThrow("it is not printable ASCII");
  }
});

test("bytes too many are refused", () => {
  expect(() => new ByteReader(new Uint8Array(3)).finish("it")).toThrow("it is followed by 3 bytes too many");
});

test("only what is malformed becomes undefined; other errors are somebody's mistake", () => {
  expect(ifWellFormed(() => 7)).toBe(7);
  expect(ifWellFormed(() => new ByteReader(new Uint8Array(0)).uint8("x"))).toBeUndefined();
  expect(() =>
    ifWellFormed(() => {
      throw new TypeError("a mistake");
    })
  ).toThrow("a mistake");
  expect(new MalformedError("x").code).toBe("INVALID_ARGUMENT");
});

test("what is finished is a copy unless it fills the writer exactly", () => {
  const roomy = new ByteWriter(16).uint8(1);
  const finished = roomy.finish();
  roomy.reset();
  roomy.uint8(2);
  expect([...finished]).toEqual([1]);
  const exact = new ByteWriter(1).uint8(1);
  expect(exact.finish()).toBe(exact.bytes);
});
