import { expect, test } from "bun:test";
import { MEMBERS_MAX, RECORD_BYTES_MAX } from "./limits.ts";
import {
  decodeState,
  DIGEST_BYTES,
  digestOf,
  encodeState,
  STATE_BYTES_MAX,
  type StateEntry,
} from "./state_document.ts";
import { idOf } from "./testing/fake_record.ts";

const ENTRIES: readonly StateEntry[] = (["alive", "suspect", "failed", "left"] as const).map((state, index) => ({
  id: idOf(index),
  incarnation: index * 2 ** 33,
  state,
  record: new Uint8Array(index + 1).fill(index),
}));

test("a state comes back as it was", () => {
  expect(decodeState(encodeState(ENTRIES))).toEqual([...ENTRIES]);
  expect(decodeState(encodeState([]))).toEqual([]);
});

test("a state that is cut anywhere or has more behind it is refused", () => {
  const bytes = encodeState(ENTRIES);
  for (let length = 0; length < bytes.length; length++) expect(decodeState(bytes.subarray(0, length))).toBeUndefined();
  expect(decodeState(new Uint8Array([...bytes, 0]))).toBeUndefined();
});

test("states, records and versions that are none are refused", () => {
  const broken = (offset: number, value: number) => {
    const bytes = encodeState(ENTRIES.slice(0, 1));
    bytes[offset] = value;
    return decodeState(bytes);
  };
  expect(broken(0, 2)).toBeUndefined();
  expect(broken(5 + 24, 4)).toBeUndefined();
  expect(broken(5 + 25, 0)).toBeUndefined();
  expect(decodeState(encodeState([{ ...ENTRIES[0]!, record: new Uint8Array(RECORD_BYTES_MAX + 1) }]))).toBeUndefined();
});

test("a state in which a member comes twice is refused: each record of it would be another signature to check", () => {
  const [first, second] = ENTRIES;
  expect(decodeState(encodeState([first!, second!, { ...first!, incarnation: 7 }]))).toBeUndefined();
});

test("what only claims to have many members is refused before anything is made for them", () => {
  const claims = (count: number, byteCount: number) => {
    const bytes = new Uint8Array(byteCount);
    bytes[0] = 1;
    new DataView(bytes.buffer).setUint32(1, count, true);
    return decodeState(bytes);
  };
  expect(claims(2 ** 32 - 1, 100)).toBeUndefined();
  expect(claims(MEMBERS_MAX + 2, STATE_BYTES_MAX)).toBeUndefined();
  expect(claims(0, STATE_BYTES_MAX + 1)).toBeUndefined();
});

test("a full state has the longest length there is", () => {
  const record = new Uint8Array(RECORD_BYTES_MAX);
  const entries = Array.from({ length: MEMBERS_MAX + 1 }, (_, index) => ({ ...ENTRIES[0]!, id: idOf(index), record }));
  const bytes = encodeState(entries);
  expect(bytes.length).toBe(STATE_BYTES_MAX);
  expect(decodeState(bytes)?.length).toBe(MEMBERS_MAX + 1);
});

test("digests depend on live members and their incarnations, not on order", () => {
  const view = (number: number, incarnation: number) =>
    ({ id: idOf(number), incarnation, state: "alive", address: "a", record: new Uint8Array(1), sinceMs: 0 }) as const;
  const some = [view(1, 1), view(2, 5), view(3, 0)];
  expect(digestOf(some).length).toBe(DIGEST_BYTES);
  expect(digestOf(some)).toEqual(digestOf(some.toReversed()));
  const others = [
    [view(1, 1), view(2, 5)],
    [view(1, 1), view(2, 5), view(4, 0)],
    [view(1, 5), view(2, 1), view(3, 0)],
    [view(1, 1), view(2, 5), view(3, 2 ** 32)],
  ];
  const digests = new Set([some, ...others].map((members) => digestOf(members).toHex()));
  expect(digests.size).toBe(5);
});
