import { expect, test } from "bun:test";
import { MINUTE } from "../base/mod.ts";
import { decodeKeys, encodeKeys, EXPOSED_KEY_MS, KEY_LIFETIME_MS, KeyKeeper } from "./key_keeper.ts";
import { KeyRing, MESSAGES_PER_KEY_MAX } from "./seal/mod.ts";

const START = 1_800_000_000_000;
const IDLE = { sealed: 0, live: 3, isFirst: true };

function ringWithKey(): KeyRing {
  const ring = new KeyRing();
  ring.rotate(START);
  return ring;
}

test("the first of the members makes a new key after a day, the others up to an hour later", () => {
  const ring = ringWithKey();
  const keeper = new KeyKeeper(ring, () => 0.5);
  const dayLater = START + KEY_LIFETIME_MS;
  expect([keeper.isDue(IDLE, dayLater - 1), keeper.isDue(IDLE, dayLater)]).toEqual([false, true]);
  const other = { ...IDLE, isFirst: false };
  expect([keeper.isDue(other, dayLater + 29 * MINUTE), keeper.isDue(other, dayLater + 30 * MINUTE)]).toEqual([
    false,
    true,
  ]);
  ring.rotate(dayLater);
  expect(keeper.isDue(other, dayLater + 30 * MINUTE)).toBe(false);
});

test("a key is given up before too much is sealed under it", () => {
  const keeper = new KeyKeeper(ringWithKey(), () => 0);
  const live = 1000;
  expect(keeper.isDue({ ...IDLE, sealed: MESSAGES_PER_KEY_MAX / 2 / live, live }, START)).toBe(false);
  expect(keeper.isDue({ ...IDLE, sealed: MESSAGES_PER_KEY_MAX / 2 / live + 1, live }, START)).toBe(true);
});

test("where the key that follows a removal does not come, the first of the members makes one, then the others", () => {
  const ring = ringWithKey();
  const keeper = new KeyKeeper(ring, () => 0.5);
  ring.retire(START, START);
  const other = { ...IDLE, isFirst: false };
  const waitMs = EXPOSED_KEY_MS;
  expect([keeper.isDue(IDLE, START + waitMs - 1), keeper.isDue(IDLE, START + waitMs)]).toEqual([false, true]);
  const laterMs = waitMs + 2.5 * MINUTE;
  expect([keeper.isDue(other, START + laterMs - 1), keeper.isDue(other, START + laterMs)]).toEqual([false, true]);
  ring.rotate(START + laterMs);
  expect(keeper.isDue(other, START + 2 * laterMs)).toBe(false);
});

test("who has no key makes none: it waits for the cluster's", () => {
  expect(new KeyKeeper(new KeyRing(), () => 0).isDue(IDLE, START)).toBe(false);
});

test("keys that were kept are read again, and nothing else is", () => {
  const ring = ringWithKey();
  ring.rotate(START + 1);
  const bytes = encodeKeys(ring.keys(START + 1));
  expect(decodeKeys(bytes)).toEqual(ring.keys(START + 1));
  expect(decodeKeys(new Uint8Array(0))).toEqual([]);
  expect(() => decodeKeys(bytes.subarray(1))).toThrow("reading bytes from outside");
  expect(() => decodeKeys(new Uint8Array([5]))).toThrow("5 keys, expected at most 4");
  expect(() => decodeKeys(new Uint8Array([...bytes, 0]))).toThrow("followed by 1 bytes too many");
});

test("keys that were kept are taken back although the clock is behind them", () => {
  const kept = ringWithKey().keys(START);
  const ring = new KeyRing();
  ring.restore(kept, 0);
  expect(ring.sealing(0)?.id).toBe(kept[0]!.id);
});
