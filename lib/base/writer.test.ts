import { expect, test } from "bun:test";
import { MIB, Writer } from "./mod.ts";

test("what was written survives growth", () => {
  const writer = new Writer(4);
  for (let chunk = 0; chunk < 100; chunk++) writer.append(new Uint8Array([chunk, chunk, chunk]));
  expect(writer.length).toBe(300);
  expect([...writer.written().subarray(294)]).toEqual([98, 98, 98, 99, 99, 99]);
});

test("the view looks at the same bytes after growth", () => {
  const writer = new Writer(4);
  writer.reserve(64);
  writer.view.setUint32(0, 0xdeadbeef);
  expect(writer.bytes[0]).toBe(0xde);
});

test("a writer lets go of the memory that one large message needed", () => {
  const writer = new Writer(1024);
  writer.append(new Uint8Array(4 * MIB));
  writer.reset();
  expect(writer.length).toBe(0);
  expect(writer.bytes.length).toBe(1024);
});
