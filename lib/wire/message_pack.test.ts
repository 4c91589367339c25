import { decode, encode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Writer } from "../base/mod.ts";
import { Cursor, readUint, skipValue, writeUint } from "./message_pack.ts";
import { geneOf } from "./mod.ts";

test("unsigned integers are written as any library writes them, and read back", () => {
  for (const value of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3, 2 ** 53 - 1]) {
    const writer = new Writer(1);
    writeUint(writer, value);
    expect(Array.from(writer.written())).toEqual(Array.from(encode(value)));
    expect(readUint(new Cursor(writer.written(), 0, writer.length))).toBe(value);
  }
});

test("an unsigned integer may come in any format that holds it", () => {
  const cases: [hex: string, value: number | undefined][] = [
    ["cb40dd4c0000000000", 30_000],
    ["cb3ff8000000000000", 1],
    ["ca46ea6000", 30_000],
    ["d07f", 127],
    ["d17530", 30_000],
    ["d200007530", 30_000],
    ["d30000000000007530", 30_000],
    ["d0ff", undefined],
    ["ff", undefined],
    ["cbbff0000000000000", undefined],
    ["cb7ff0000000000000", undefined],
    ["cb7ff8000000000000", undefined],
    ["a131", undefined],
    ["c0", undefined],
    ["cb40dd4c", undefined],
  ];
  for (const [hex, value] of cases) {
    const bytes = Buffer.from(hex, "hex");
    const read = () => readUint(new Cursor(bytes, 0, bytes.length));
    if (value === undefined) expect(read, hex).toThrow();
    else expect(read(), hex).toBe(value);
  }
});

test("skipping lands exactly behind any value that a library writes", () => {
  fc.assert(
    fc.property(
      fc.anything({ withDate: true, withTypedArray: false, withBigInt: false, maxDepth: 4 }),
      (value) => {
        let bytes: Uint8Array;
        try {
          bytes = encode(value, { ignoreUndefined: true });
          decode(bytes);
        } catch {
          return;
        }
        const cursor = new Cursor(bytes, 0, bytes.length);
        skipValue(cursor);
        expect(cursor.offset).toBe(bytes.length);
      },
    ),
    { numRuns: 500 },
  );
});

test("skipping knows every type of the specification", () => {
  const values = [
    "00",
    "7f",
    "e0",
    "ff",
    "c0",
    "c2",
    "c3",
    "cc00",
    "cd0000",
    "ce00000000",
    "cf0000000000000000",
    "d000",
    "d10000",
    "d200000000",
    "d30000000000000000",
    "ca00000000",
    "cb0000000000000000",
    "a0",
    "a161",
    "d90161",
    "da000161",
    "db0000000161",
    "c40161",
    "c5000161",
    "c60000000161",
    "90",
    "9101",
    "dc000101",
    "dd0000000101",
    "80",
    "810102",
    "de00010102",
    "df000000010102",
    "d40100",
    "d5010000",
    "d60100000000",
    "d7010000000000000000",
    "d801" + "00".repeat(16),
    "c7010100",
    "c800010100",
    "c90000000101" + "00",
  ];
  for (const hex of values) {
    const bytes = Buffer.from(hex, "hex");
    const cursor = new Cursor(bytes, 0, bytes.length);
    skipValue(cursor);
    expect([hex, cursor.offset]).toEqual([hex, bytes.length]);
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(() => skipValue(new Cursor(bytes, 0, cut)), `${hex} cut to ${cut}`).toThrow();
    }
  }
});

test("nesting a million deep costs no stack", () => {
  const bytes = new Uint8Array(1_000_000).fill(0x91);
  bytes[bytes.length - 1] = 0xc0;
  const cursor = new Cursor(bytes, 0, bytes.length);
  skipValue(cursor);
  expect(cursor.offset).toBe(bytes.length);
});

test("a gene's bytes stand in the header in the order of its hex digits", () => {
  const writer = new Writer(8);
  writer.reserve(8);
  const { low, high } = geneOf("0123456789abcdef");
  writer.view.setUint32(0, low, true);
  writer.view.setUint32(4, high, true);
  writer.length = 8;
  expect(Buffer.from(writer.written()).toString("hex")).toBe("0123456789abcdef");
});
