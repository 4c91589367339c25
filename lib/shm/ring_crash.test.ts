import { expect, test } from "bun:test";
import { seededRandom } from "../base/mod.ts";
import { CONTROL_BYTES, RING_BYTES_INITIAL, Word } from "./layout.ts";
import { RingConsumer } from "./ring_consumer.ts";
import { withAtomics } from "./testing/atomics.ts";
import { RingPair, streamByte } from "./testing/ring_pair.ts";

/** How many of the possible mixes of old and new bytes are tried at each step. */
const MIXES = 8;

/** Where a producer died: what the control words said, and what a record's bytes were before and after. */
interface Moment {
  words: Int32Array<ArrayBuffer>;
  before: Uint8Array<ArrayBuffer>;
  after: Uint8Array<ArrayBuffer>;
}

/**
 * Every point at which the producer may die while it runs `body`. Between two atomic operations any part of the plain
 * stores that lie between them may have been made, so a moment has the memory of both.
 */
function moments(pair: RingPair, body: () => void): Moment[] {
  const found: Moment[] = [];
  let before = pair.data().slice();
  const look = () => {
    const after = pair.data().slice();
    found.push({ words: pair.words.slice(), before, after });
    before = after;
  };
  withAtomics((_operation, _index, perform) => {
    look();
    return perform();
  }, body);
  look();
  return found;
}

/** What a consumer that knows the ring from `position` on gets out of it when nobody goes on. */
function survivor({ words, before, after }: Moment, mix: (index: number) => boolean, bytesMax: number): Uint8Array {
  const buffer = new ArrayBuffer(CONTROL_BYTES + bytesMax);
  const memory = { words: new Int32Array(buffer, 0, words.length), buffer, dataOffset: CONTROL_BYTES, bytesMax };
  memory.words.set(words);
  const data = new Uint8Array(buffer, CONTROL_BYTES);
  for (let index = 0; index < bytesMax; index++) data[index] = mix(index) ? after[index]! : before[index]!;
  const consumer = new RingConsumer(memory);
  const received: number[] = [];
  const sink = {
    onRecord(bytes: Uint8Array, start: number, end: number) {
      received.push(...bytes.subarray(start, end));
    },
  };
  while (consumer.poll(sink, 100) > 0);
  expect(consumer.isEmpty).toBe(true);
  return Uint8Array.from(received);
}

for (
  const { what, bytesMax, filled, size } of [
    { what: "in the ring", bytesMax: RING_BYTES_INITIAL, filled: 5000, size: 100 },
    { what: "at the end of a lap", bytesMax: RING_BYTES_INITIAL, filled: RING_BYTES_INITIAL - 1500, size: 450 },
    { what: "that outgrows the lap", bytesMax: RING_BYTES_INITIAL, filled: RING_BYTES_INITIAL - 1500, size: 3000 },
    { what: "that makes the ring grow", bytesMax: 4 * RING_BYTES_INITIAL, filled: 300, size: 20_000 },
    { what: "in pieces", bytesMax: RING_BYTES_INITIAL, filled: 300, size: 20_000 },
  ]
) {
  test(`a producer that dies at any step of committing a frame ${what} leaves it whole or not at all`, () => {
    const random = seededRandom(7);
    const pair = new RingPair({ bytesMax });
    pair.send(filled);
    pair.drain();
    const sentBefore = pair.sentBytes;
    const found = moments(pair, () => {
      pair.send(size);
      pair.producer.takeWake();
    });
    const pieces = new Set<number>();
    for (const moment of found) {
      for (let mix = 0; mix < MIXES; mix++) {
        const boundary = random() * bytesMax;
        const chosen = (index: number) =>
          mix === 0 ? false : mix === 1 ? true : mix < 5 ? index < boundary : random() < 0.5;
        const received = survivor(moment, chosen, bytesMax);
        pieces.add(received.length);
        const expected = Uint8Array.from(received, (_, index) => streamByte(sentBefore + index));
        expect(received).toEqual(expected);
      }
    }
    // Nothing, then the frame, or its first pieces one after the other: never a part of a record.
    expect([...pieces].sort((a, b) => a - b)[0]).toBe(0);
    expect(Math.max(...pieces)).toBe(size);
    if (size < 5000) expect([...pieces].sort((a, b) => a - b)).toEqual([0, size]);
    else for (const piece of pieces) expect(piece === size || piece % 4 === 0).toBe(true);
  });
}

test("a consumer that dies at any step of a poll has given back nothing that it was still reading", () => {
  const pair = new RingPair({ bytesMax: RING_BYTES_INITIAL });
  for (let sent = 0; sent < 6; sent++) pair.send(RING_BYTES_INITIAL / 8 - 4);
  /** Records whose sink has returned, and those that the producer may overwrite, at every step. */
  const steps: { finished: number; givenBack: number }[] = [];
  const look = () => {
    const givenBack = pair.words[Word.head]! / (RING_BYTES_INITIAL / 8);
    steps.push({ finished: Math.max(0, pair.records - (reading ? 1 : 0)), givenBack });
  };
  let reading = false;
  pair.onRange = () => {
    reading = true;
    look();
    reading = false;
  };
  withAtomics((_operation, _index, perform) => {
    look();
    return perform();
  }, () => pair.receive());
  look();
  for (const { finished, givenBack } of steps) expect(givenBack).toBeLessThanOrEqual(finished);
  // It gives back in the midst of a long poll, too, and all of it in the end.
  expect(steps.some(({ givenBack }) => givenBack > 0 && givenBack < 6)).toBe(true);
  expect(steps.at(-1)).toEqual({ finished: 6, givenBack: 6 });
});
