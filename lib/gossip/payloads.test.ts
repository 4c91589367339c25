import { expect, test } from "bun:test";
import { seededRandom } from "../base/mod.ts";
import { catalogPayload, keyPayload, readPayload, revocationPayload } from "./broadcast_payload.ts";
import { decodeHello, encodeHello } from "./hello_payload.ts";
import { createClusterKey } from "./seal/mod.ts";

test("broadcasts are read as they were written; that of a key has not the key", () => {
  expect(readPayload(catalogPayload(new Uint8Array([1, 2])))).toEqual({
    kind: "catalog",
    record: new Uint8Array([1, 2]),
  });
  expect(readPayload(revocationPayload(new Uint8Array([3])))).toEqual({
    kind: "revocation",
    bytes: new Uint8Array([3]),
  });
  const key = createClusterKey(1234);
  expect(readPayload(keyPayload(key))).toEqual({ kind: "key", id: key.id, createdAtMs: 1234 });
  expect(keyPayload(key).length).toBe(11);
});

test("what nobody tells is undefined", () => {
  for (const bytes of [[], [0], [4, 1], [3], [3, ...Array(11).fill(0)]]) {
    expect(readPayload(new Uint8Array(bytes))).toBeUndefined();
  }
});

test("hellos are read as they were written, and nothing else is", () => {
  for (const wantsAnswer of [true, false]) {
    const hello = { wantsAnswer, record: new Uint8Array([9, 9]) };
    expect(decodeHello(encodeHello(hello))).toEqual(hello);
  }
  for (const bytes of [[], [0], [2, 1], [255, 1]]) expect(decodeHello(new Uint8Array(bytes))).toBeUndefined();
});

test("random payloads never throw", () => {
  const random = seededRandom(5);
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 30) }, () => random() * 256);
    readPayload(bytes);
    decodeHello(bytes);
  }
});
