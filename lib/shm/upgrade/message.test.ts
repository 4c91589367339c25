import { decode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import { CellError, seededRandom, Writer } from "../../base/mod.ts";
import { HEADER_BYTES, Kind, UPGRADE_BYTES_MAX } from "../../wire/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX } from "../layout.ts";
import { readUpgrade, REASON_LENGTH_MAX, refusal, type UpgradeMessage, writeUpgrade } from "./message.ts";
import { packed, payloadOf, RIGHT } from "./testing/both_sides.ts";

const BYTES = new Uint8Array(32).fill(3);

function errorOf(value: unknown): CellError {
  try {
    readUpgrade(packed(value));
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    return error as CellError;
  }
  throw new Error(`${JSON.stringify(value)} was read`);
}

test("every message is read as it was written, also in the middle of other bytes", () => {
  const named: UpgradeMessage = {
    step: "offer",
    proof: BYTES,
    memory: { name: "/cell-0a9zA-Z_" },
    ringBytesMax: 1 << 20,
  };
  for (const message of [...Object.values(RIGHT), named]) {
    const payload = payloadOf(message);
    expect(readUpgrade(payload)).toEqual(message);
    const around = new Uint8Array(payload.length + 20).fill(0xc1);
    around.set(payload, 7);
    expect(readUpgrade(around, 7, 7 + payload.length)).toEqual(message);
  }
});

test("a message is a frame of kind 11 about no call, whose payload an independent decoder reads", () => {
  const writer = new Writer();
  writer.append(Uint8Array.of(1, 2, 3));
  writeUpgrade(writer, RIGHT.challenge);
  const frame = writer.written().slice(3);
  expect(new DataView(frame.buffer).getUint32(0, true)).toBe(frame.length - HEADER_BYTES);
  expect(frame.slice(4, HEADER_BYTES)).toEqual(Uint8Array.of(Kind.upgrade, ...new Array(15).fill(0)));
  expect(decode(frame.subarray(HEADER_BYTES))).toEqual({ ...RIGHT.challenge });
});

test("nothing of what was read is a view of the bytes", () => {
  const payload = payloadOf(RIGHT.challenge);
  const message = readUpgrade(payload);
  payload.fill(0);
  expect(message).toEqual(RIGHT.challenge);
});

test("unknown keys are skipped", () => {
  expect(readUpgrade(packed({ step: "accept", since: 1, later: { a: [null] } }))).toEqual({ step: "accept" });
  expect(readUpgrade(packed({ later: [1n], ...RIGHT.hello }))).toEqual(RIGHT.hello);
  expect(readUpgrade(packed({ ...RIGHT.offer, memory: { fd: 0, size: 3 } }))).toMatchObject({ memory: { fd: 0 } });
});

test("a hello of another version says which one is spoken, whatever else is in it", () => {
  for (const hello of [{ step: "hello", version: 2, nonce: BYTES }, { step: "hello", version: 0, key: "x" }]) {
    const error = errorOf(hello);
    expect(error.code).toBe("UNIMPLEMENTED");
    expect(error.message).toBe(`version 1 of shared memory is spoken here, not version ${hello.version}`);
  }
});

const long = "x".repeat(300);
const WRONG: readonly [value: unknown, message: string][] = [
  [null, "reading an upgrade: expected a map, found null"],
  [[1], "reading an upgrade: expected a map, found an array"],
  ["hello", 'reading an upgrade: expected a map, found "hello"'],
  [BYTES, "reading an upgrade: expected a map, found 32 bytes"],
  [{}, "as step, found nothing"],
  [{ step: 1 }, "expected hello, challenge, offer, accept, switch or refuse as step, found 1"],
  [{ step: "jump" }, 'as step, found "jump"'],
  [{ step: long }, `as step, found "${"x".repeat(40)}..."`],
  [{ step: "toString" }, 'as step, found "toString"'],
  [{ step: "hello", nonce: BYTES }, 'of step "hello": expected 1 as version, found nothing'],
  [{ ...RIGHT.hello, version: "1" }, 'expected 1 as version, found "1"'],
  [{ ...RIGHT.hello, version: 1.5 }, "expected 1 as version, found 1.5"],
  [{ ...RIGHT.hello, version: -1 }, "expected 1 as version, found -1"],
  [{ ...RIGHT.hello, version: 1n << 63n }, "expected 1 as version, found a bigint"],
  [{ step: "hello", version: 1 }, "expected 32 bytes as nonce, found nothing"],
  [{ ...RIGHT.hello, nonce: BYTES.slice(1) }, "expected 32 bytes as nonce, found 31 bytes"],
  [{ ...RIGHT.hello, nonce: new Uint8Array(33) }, "expected 32 bytes as nonce, found 33 bytes"],
  [{ ...RIGHT.hello, nonce: "a".repeat(32) }, `expected 32 bytes as nonce, found "${"a".repeat(32)}"`],
  [{ ...RIGHT.hello, nonce: [...BYTES] }, "expected 32 bytes as nonce, found an array"],
  [{ ...RIGHT.challenge, nonce: undefined }, "expected 32 bytes as nonce, found nothing"],
  [{ ...RIGHT.challenge, proof: new Uint8Array(0) }, "expected 32 bytes as proof, found 0 bytes"],
  [{ ...RIGHT.challenge, ringBytesMax: undefined }, "as ringBytesMax, found nothing"],
  [{ ...RIGHT.challenge, ringBytesMax: true }, "as ringBytesMax, found true"],
  [{ ...RIGHT.challenge, ringBytesMax: RING_BYTES_INITIAL / 2 }, "as ringBytesMax, found"],
  [{ ...RIGHT.challenge, ringBytesMax: RING_BYTES_INITIAL + 8 }, "as ringBytesMax, found"],
  [{ ...RIGHT.challenge, ringBytesMax: RING_BYTES_MAX * 2 }, "as ringBytesMax, found"],
  [{ ...RIGHT.challenge, ringBytesMax: RING_BYTES_INITIAL + 1e-11 }, "as ringBytesMax, found 32768.00000000001"],
  [{ ...RIGHT.offer, ringBytesMax: NaN }, "as ringBytesMax, found NaN"],
  [{ ...RIGHT.offer, ringBytesMax: Infinity }, "as ringBytesMax, found Infinity"],
  [{ ...RIGHT.offer, proof: null }, "expected 32 bytes as proof, found null"],
  [{ ...RIGHT.offer, memory: undefined }, "as memory, found nothing"],
  [{ ...RIGHT.offer, memory: 9 }, "as memory, found 9"],
  [{ ...RIGHT.offer, memory: {} }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: [9] }, "as memory, found an array"],
  [{ ...RIGHT.offer, memory: { fd: -1 } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { fd: 1.5 } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { fd: "9" } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { fd: 2 ** 31 } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { fd: 9, name: "/cell-a" } }, "either a file descriptor as fd or a name"],
  [{ ...RIGHT.offer, memory: { name: "/cell-" } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { name: "cell-a" } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { name: "/cell-a.b" } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { name: "/cell-../../etc" } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { name: "/cell-a\0" } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { name: "/cell-a\n" } }, "as memory, found a map"],
  [{ ...RIGHT.offer, memory: { name: `/cell-${"a".repeat(25)}` } }, "as memory, found a map"],
  [{ step: "refuse" }, "expected a string as reason, found nothing"],
  [{ step: "refuse", reason: 5 }, "expected a string as reason, found 5"],
];

test("what is not exactly a message is refused, with what was expected and found", () => {
  for (const [value, message] of WRONG) {
    const error = errorOf(value);
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain(message);
  }
});

test("bytes that are no MessagePack, are too few or too many are refused", () => {
  const right = payloadOf(RIGHT.offer);
  for (let length = 0; length < right.length; length++) expect(() => readUpgrade(right, 0, length)).toThrow(CellError);
  expect(() => readUpgrade(Uint8Array.of(...right, 0xc0))).toThrow(CellError);
  expect(() => readUpgrade(Uint8Array.of(0xc1))).toThrow(CellError);
  expect(() => readUpgrade(new Uint8Array(0))).toThrow(CellError);
});

test("whatever the bytes are, reading gives a message or a CellError", () => {
  const random = seededRandom(4);
  const pick = (below: number): number => Math.floor(random() * below);
  const payloads = Object.values(RIGHT).map(payloadOf);
  for (let round = 0; round < 20_000; round++) {
    const bytes = payloads[pick(payloads.length)]!.slice();
    for (let changes = pick(4); changes >= 0; changes--) bytes[pick(bytes.length)] = pick(256);
    try {
      expect(Object.keys(RIGHT)).toContain(readUpgrade(bytes).step);
    } catch (error) {
      expect(error).toBeInstanceOf(CellError);
      expect((error as CellError).message.length).toBeLessThan(1000);
    }
  }
});

test("a reason is one short line without control characters, on both ways", () => {
  const reason = `no\u001b[31m\r\nway\u202e\u009b${"!".repeat(1000)}`;
  const expected = `no [31m way ${"!".repeat(1000)}`.slice(0, REASON_LENGTH_MAX);
  expect(refusal(reason).reason).toBe(expected);
  expect(readUpgrade(packed({ step: "refuse", reason }))).toEqual({ step: "refuse", reason: expected });
});

test("the longest message fits its frame, also when its reason is not ASCII or cut in a pair of surrogates", () => {
  for (const reason of ["\u20ac".repeat(500), `x${"\u{1f600}".repeat(500)}`]) {
    const payload = payloadOf(refusal(reason));
    expect(payload.length).toBeLessThanOrEqual(UPGRADE_BYTES_MAX);
    const { reason: read } = readUpgrade(payload) as { reason: string };
    expect(read.length).toBeLessThanOrEqual(REASON_LENGTH_MAX);
    expect(read.isWellFormed()).toBe(true);
  }
});
