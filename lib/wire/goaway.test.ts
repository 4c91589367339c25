import { decode, encode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import { Writer } from "../base/mod.ts";
import { type Frame, GOAWAY_BYTES_MAX, HEADER_BYTES, readGoaway, writeGoaway } from "./mod.ts";

function frameWith(payload: Uint8Array): Frame {
  return { kind: 10, flags: 0, method: 0, callId: 0, low: 0, high: 0, bytes: payload, start: 0, end: payload.length };
}

test("a goaway carries its reason, its message and the newest accepted call", () => {
  const writer = new Writer();
  writeGoaway(writer, 77, "draining", "the service stops");
  expect(decode(writer.written().subarray(HEADER_BYTES))).toEqual({ reason: "draining", message: "the service stops" });
  expect(writer.view.getUint32(8, true)).toBe(77);
});

test("a message of any length and any text stays within the limit of a goaway", () => {
  for (const message of ["é".repeat(10_000), "€".repeat(10_000), "😀".repeat(10_000), "\ud800", ""]) {
    const writer = new Writer();
    writeGoaway(writer, 1, "protocol", message);
    expect(writer.length - HEADER_BYTES).toBeLessThanOrEqual(GOAWAY_BYTES_MAX);
    expect(() => decode(writer.written().subarray(HEADER_BYTES))).not.toThrow();
  }
});

test("a goaway of another implementation is read, and what is not known in it is skipped", () => {
  const payload = encode({ reason: "draining", message: "x", later: [1] });
  expect(readGoaway(frameWith(payload))).toEqual({ reason: "draining", message: "x" });
});

test("an unknown reason counts as a protocol error, and broken payloads are refused", () => {
  expect(readGoaway(frameWith(encode({ reason: "whim" }))).reason).toBe("protocol");
  for (const payload of [encode([]), encode({ reason: 1 }), Uint8Array.of(...encode({}), 0), new Uint8Array(0)]) {
    expect(() => readGoaway(frameWith(payload))).toThrow();
  }
});
