import { decodeMulti } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Frame, FrameReader, Kind } from "../wire/mod.ts";
import { framesDocument, type FrameVector, type RefusedVector } from "./frame_vectors.ts";

const text = readFileSync(join(import.meta.dir, "../../docs/vectors/frames.json"), "utf8");
const bytesOfJson = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && "$bytes" in value ? Uint8Array.fromHex(String(value.$bytes)) : value;
const { frames, refused } = JSON.parse(text, bytesOfJson) as { frames: FrameVector[]; refused: RefusedVector[] };

test("the golden frames are what the code writes; `make vectors` writes them again", () => {
  expect(framesDocument()).toBe(text);
});

test("there is a golden frame of every kind", () => {
  expect(new Set(frames.map(({ kind }) => kind))).toEqual(new Set(Object.keys(Kind)));
});

test("an independent decoder finds in every golden frame what it is said to hold", () => {
  for (const { name, hex, kind, flags, method, callId, last8, metadata, payload } of frames) {
    const bytes = Buffer.from(hex, "hex");
    expect(bytes.readUInt32LE(0), name).toBe(bytes.length - 20);
    expect(bytes[4], name).toBe(Kind[kind as keyof typeof Kind]);
    expect(bytes[5], name).toBe((flags.includes("metadata") ? 1 : 0) + (flags.includes("last") ? 2 : 0));
    expect(bytes.readUInt16LE(6), name).toBe(method);
    expect(bytes.readUInt32LE(8), name).toBe(callId);
    expect(bytes.subarray(12, 20).toString("hex"), name).toBe(last8);
    const values = [...decodeMulti(bytes.subarray(20))];
    expect(values, name).toEqual([metadata, payload].filter((value) => value !== undefined));
  }
});

test("the reader takes every golden frame and refuses or skips what it must", () => {
  const outcomeOf = (hex: string): string => {
    let outcome = "incomplete";
    const reader = new FrameReader({
      onFrame: (_frame: Frame) => void (outcome = "frame"),
      onOversized: () => void (outcome = "oversized"),
      onViolation: () => void (outcome = "violation"),
    }, 1000);
    reader.push(Uint8Array.from(Buffer.from(hex, "hex")));
    return outcome;
  };
  for (const { name, hex } of frames) {
    expect(outcomeOf(hex), name).toBe(hex.length / 2 - 20 > 1000 ? "oversized" : "frame");
  }
  for (const { name, hex, outcome } of refused) expect(outcomeOf(hex), name).toBe(outcome);
});
