import { expect, setDefaultTimeout, test } from "bun:test";
import { CellError, KIB, seededRandom } from "../base/mod.ts";
import { chooseSeeds } from "../sim/mod.ts";
import { Marker, RECORD_ALIGNMENT, RING_BYTES_INITIAL, Word } from "./layout.ts";
import { RingConsumer } from "./ring_consumer.ts";
import { RingProducer } from "./ring_producer.ts";
import { hammer } from "./testing/hammer.ts";
import { Mutator } from "./testing/mutator.ts";
import { type GuardedMemory, guardedMemory } from "./testing/guarded_memory.ts";

/** There is much to try, on a machine that may be busy. */
setDefaultTimeout(process.env["CELL_SOAK"] === undefined ? 120_000 : 3_600_000);

/** A failure names its seed; with CELL_SEED set, only that one runs. */
const SEEDS = chooseSeeds(2, process.env, Date.now() % 2 ** 31);
const MUTATIONS = process.env["CELL_SOAK"] === undefined ? 100_000 : 1_000_000;
/** A thread makes them much faster. */
const HAMMER_MUTATIONS = 10 * MUTATIONS;
/** Two doublings are possible. */
const RING_BYTES = 4 * RING_BYTES_INITIAL;
const RECORDS_MAX = 64;
/** A queue of more is a sign of a consumer that never reads: what a link's owner would stop at. */
const QUEUE_BYTES_MAX = 256 * KIB;
const CHECK_EVERY = 2_000;

/** Gives the error that a hostile peer may cause, undefined when there was none, and throws any other. */
function refusal(act: () => void): CellError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof CellError) || error.code !== "INVALID_ARGUMENT") throw error;
    return error;
  }
}

/** Polls as a link does and holds every poll to its bounds. */
class Reader {
  records = 0;
  /** Runs while a record is being read. */
  meanwhile: (() => void) | undefined;
  private bytes = 0;
  private count = 0;
  private consumer: RingConsumer | undefined;

  constructor(private readonly memory: GuardedMemory) {}

  poll(): void {
    this.bytes = this.count = 0;
    const error = refusal(() => {
      this.consumer ??= new RingConsumer(this.memory.views());
      this.consumer.poll(this, RECORDS_MAX);
      this.consumer.takeRoomWake();
      if (this.consumer.isEmpty && this.consumer.sleep()) this.consumer.wake();
    });
    if (error === undefined) return this.checkBounds();
    // The next connection begins at a possible position: most of what there is to find comes after that.
    this.memory.views().words[Word.head]! &= -RECORD_ALIGNMENT;
    this.consumer = undefined;
    this.checkBounds();
  }

  private checkBounds(): void {
    if (this.count > RECORDS_MAX || this.bytes > RING_BYTES) throw new Error("a poll went beyond its bounds");
  }

  onRecord(bytes: Uint8Array, start: number, end: number): void {
    if (start < 4 || end <= start || end > RING_BYTES || bytes.length !== RING_BYTES) throw new Error("outside");
    this.records++;
    this.count++;
    this.bytes += end - start;
    this.meanwhile?.();
  }
}

/** Writes as a link does. */
class Sender {
  commits = 0;
  private producer: RingProducer | undefined;

  constructor(private readonly memory: GuardedMemory, private readonly random: () => number) {}

  send(): void {
    const error = refusal(() => {
      this.producer ??= new RingProducer(this.memory.views(), () => this.random() < 0.8);
      const { producer } = this;
      const { writer } = producer;
      const count = 1 + Math.floor(this.random() * (this.random() < 0.97 ? 300 : 70 * KIB));
      writer.reserve(count);
      writer.bytes.fill(count, writer.length, writer.length + count);
      writer.length += count;
      producer.commit();
      this.commits++;
      producer.flush();
      producer.takeWake();
      producer.waitForRoom();
      if (producer.queuedBytes > QUEUE_BYTES_MAX) this.producer = undefined;
    });
    if (error === undefined) return;
    this.memory.views().words[Word.tail]! &= -RECORD_ALIGNMENT;
    this.producer = undefined;
  }
}

for (const seed of SEEDS) {
  test(`a consumer whose peer writes anything anywhere reads records or refuses (CELL_SEED=${seed})`, () => {
    const random = seededRandom(seed);
    const memory = guardedMemory(RING_BYTES);
    const reader = new Reader(memory);
    const mutator = new Mutator(memory.views(), random, Word.tail);
    reader.meanwhile = () => {
      if (random() < 0.05) mutator.mutate();
    };
    for (let round = 0; round < MUTATIONS; round++) {
      mutator.mutate();
      reader.poll();
      if (round % CHECK_EVERY === 0) memory.checkCanaries();
    }
    memory.checkCanaries();
    expect(reader.records).toBeGreaterThan(MUTATIONS / 5);
  });

  test(`a producer whose peer writes anything anywhere sends records or refuses (CELL_SEED=${seed})`, () => {
    const random = seededRandom(seed);
    const memory = guardedMemory(RING_BYTES);
    const sender = new Sender(memory, random);
    const mutator = new Mutator(memory.views(), random, Word.head);
    for (let round = 0; round < MUTATIONS; round++) {
      mutator.mutate();
      sender.send();
      if (round % CHECK_EVERY === 0) memory.checkCanaries();
    }
    memory.checkCanaries();
    expect(sender.commits).toBeGreaterThan(MUTATIONS / 5);
  });

  test(`memory that another thread writes while both sides work hurts neither (CELL_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const memory = guardedMemory(RING_BYTES, "shared");
    const reader = new Reader(memory);
    const sender = new Sender(memory, random);
    const hammered = hammer(memory, seed, HAMMER_MUTATIONS);
    try {
      while (!hammered.isOver) {
        for (let round = 0; round < 1_000; round++) {
          sender.send();
          reader.poll();
        }
        memory.checkCanaries();
        await hammered.turn();
      }
      expect(hammered.mutations).toBeGreaterThanOrEqual(HAMMER_MUTATIONS);
    } finally {
      hammered.stop();
    }
    memory.checkCanaries();
  });
}

test("markers of a peer are followed only where a correct peer may put them", () => {
  const memory = guardedMemory(RING_BYTES);
  const views = memory.views();
  const headers = new Int32Array(views.buffer, views.dataOffset, RING_BYTES / 4);
  const poll = (tail: number, header: number, position = 0) => {
    views.words[Word.head] = position;
    const consumer = new RingConsumer(memory.views());
    views.words[Word.tail] = tail;
    headers[(position & (RING_BYTES_INITIAL - 1)) >> 2] = header;
    return refusal(() => consumer.poll({ onRecord: () => {} }, RECORDS_MAX))?.message;
  };
  const lap = RING_BYTES_INITIAL;
  expect(poll(lap, Marker.wrap)).toBeUndefined();
  expect(poll(lap - 8, Marker.wrap)).toContain("found -1");
  expect(poll(lap, Marker.grow)).toBeUndefined();
  expect(poll(2 * lap, Marker.grow, lap)).toContain("found -2");
  expect(poll(lap, -3)).toContain("found -3");
  expect(poll(lap, 0)).toContain("found 0");
  expect(poll(8, 4)).toBeUndefined();
  expect(poll(8, 5)).toContain("expected 1 to 4 bytes");
  expect(poll(2 * lap, lap - 3)).toContain(`expected 1 to ${lap - 4} bytes`);
  expect(poll(12, 4)).toContain('word "tail"');
  expect(poll(RING_BYTES + 8, 4)).toContain("found 131080");
  expect(poll(-8, 4)).toContain(`found ${2 ** 32 - 8}`);
});

test("a ring never grows beyond its memory, whatever markers come", () => {
  const memory = guardedMemory(RING_BYTES);
  const views = memory.views();
  const headers = new Int32Array(views.buffer, views.dataOffset, RING_BYTES / 4);
  const consumer = new RingConsumer(memory.views());
  for (let offset = 0; offset < RING_BYTES; offset += 8) headers[offset >> 2] = Marker.grow;
  views.words[Word.tail] = RING_BYTES;
  const error = refusal(() => consumer.poll({ onRecord: () => {} }, RECORDS_MAX));
  expect(error?.message).toContain("capacity 131072 of 131072");
});

for (const [head, found] of [[8, 2 ** 32 - 8], [-4, 4], [-RING_BYTES_INITIAL - 8, RING_BYTES_INITIAL + 8]] as const) {
  test(`a producer that finds its consumer at ${head} says so and stops`, () => {
    const memory = guardedMemory(RING_BYTES);
    const views = memory.views();
    views.words[Word.head] = head;
    const error = refusal(() => new RingProducer(memory.views(), () => true));
    expect(error?.message).toContain(`word "head": expected at most ${RING_BYTES_INITIAL} unread bytes`);
    expect(error?.message).toContain(`found ${found}`);
  });
}
