import { expect, test } from "bun:test";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";

test("what is written is read again", () => {
  const id = "0123456789abcdef".repeat(2);
  const bytes = new ByteWriter(1).uint8(255).uint16(65_535).uint32(2 ** 32 - 1).uint48(2 ** 48 - 1)
    .whole(Number.MAX_SAFE_INTEGER).text("a text").nodeId(id).block(new Uint8Array([1, 2])).bytes(new Uint8Array([3]))
    .finish();
  const reader = new ByteReader(bytes);
  expect(reader.uint8("")).toBe(255);
  expect(reader.uint16("")).toBe(65_535);
  expect(reader.uint32("")).toBe(2 ** 32 - 1);
  expect(reader.uint48("")).toBe(2 ** 48 - 1);
  expect(reader.whole("")).toBe(Number.MAX_SAFE_INTEGER);
  expect(reader.text(6, "")).toBe("a text");
  expect(reader.nodeId("")).toBe(id);
  expect([...reader.block(2, "")]).toEqual([1, 2]);
  expect([...reader.rest()]).toEqual([3]);
  reader.finish("the end");
});

test("every read says what is missing when the bytes end", () => {
  const empty = () => new ByteReader(new Uint8Array(0));
  const reads = [
    () => empty().uint8("x"),
    () => empty().uint16("x"),
    () => empty().uint32("x"),
    () => empty().uint48("x"),
    () => empty().whole("x"),
    () => empty().nodeId("x"),
    () => empty().take(1, "x"),
    () => empty().text(9, "x"),
    () => empty().block(9, "x"),
  ];
  for (const read of reads) expect(read).toThrow(/reading bytes of another node: x needs \d+ bytes, 0 are left/);
});

test("a block that claims more than may be, or than is there, is refused", () => {
  const claims = new ByteWriter().uint32(2 ** 32 - 1).finish();
  expect(() => new ByteReader(claims).block(100, "it")).toThrow("it has 4294967295 bytes, expected at most 100");
  expect(() => new ByteReader(claims).block(2 ** 32, "it")).toThrow("it needs 4294967295 bytes, 0 are left");
});

test("texts with anything but printable ASCII are refused", () => {
  for (const byte of [0, 10, 27, 127, 200]) {
    expect(() => new ByteReader(new Uint8Array([1, byte])).text(9, "it")).toThrow("it is not printable ASCII");
  }
});

test("a number that JavaScript cannot count to is refused, and so are bytes too many", () => {
  expect(() => new ByteReader(new Uint8Array(8).fill(255)).whole("it")).toThrow("it is not below 2^53");
  expect(() => new ByteReader(new Uint8Array(3)).finish("it")).toThrow("it is followed by 3 bytes too many");
});
