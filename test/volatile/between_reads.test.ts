import { expect, test } from "bun:test";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { seededRandom } from "../../lib/base/mod.ts";
import { CANARY, holdsCanary } from "./arena.ts";
import type * as Decoders from "./decoders.ts";
import type { Decoder } from "./decoders.ts";
import { importWatched, type Watcher } from "./instrumented.ts";

/**
 * What a peer does to a message while it is read, decided by a seed: before each look at a byte, and before the runtime
 * gets a range of them, some bytes may become others. A failure names its seed; with CELL_SEED set, only that one runs.
 */
const SEEDS = process.env["CELL_SEED"] === undefined ? [1, Date.now() % 2 ** 31] : [Number(process.env["CELL_SEED"])];
const MESSAGES_PER_SEED = process.env["CELL_SOAK"] === undefined ? 20_000 : 1_000_000;
/** Bytes before and behind the message. */
const AROUND_BYTES = 1024;
/** Looks at a byte that one byte of a message may cost; twice of it would be a loop that the peer decides about. */
const LOOKS_PER_BYTE_MAX = 40;

/** Messages of up to so many bytes are changed in every way. */
const EXHAUSTED_BYTES_MAX = 12;

const LEADS = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xa3, 0xbf, 0xc0, 0xc3, 0xc4, 0xc6, 0xc7, 0xca, 0xcb, 0xcf, 0xd3, 0xd6];
const LONG_LEADS = [0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe2, 0x82, 0xac, 0xff, 0x00, 0x01, 0x7f, 0x61];
const BYTES = [...LEADS, ...LONG_LEADS];

/** How a peer changes a message. */
interface Plan {
  /** Called before look number `look`, at the byte `index`. */
  change(message: Message, look: number, index: number): void;
}

/** A message that is being read: the bytes from `start` to `end`. */
interface Message {
  bytes: Uint8Array;
  start: number;
  end: number;
}

const HONEST: Plan = { change() {} };

/** Follows the looks at one message at a time, and lets a peer change it. */
class Peer implements Watcher {
  private message: Message = { bytes: new Uint8Array(0), start: 0, end: 0 };
  private plan = HONEST;
  looks = 0;

  begin(message: Message, plan: Plan): void {
    this.message = message;
    this.plan = plan;
    this.looks = 0;
  }

  onRead(bytes: Uint8Array, index: number): void {
    const { message } = this;
    if (bytes !== message.bytes) return;
    if (index < message.start) throw new Error(`byte ${index} is read, before the message at ${message.start}`);
    this.look(index);
  }

  onRange(bytes: Uint8Array, from: number, to: number): void {
    const { message } = this;
    if (bytes !== message.bytes) return;
    if (from < message.start || to > message.end || to < from) {
      throw new Error(`the range from ${from} to ${to} is taken of a message from ${message.start} to ${message.end}`);
    }
    this.look(from);
  }

  onText(bytes: Uint8Array): void {
    if (bytes.buffer === this.message.bytes.buffer) {
      throw new Error("the runtime is given UTF-8 that may change while it is measured and converted");
    }
  }

  private look(index: number): void {
    const { start, end } = this.message;
    if (++this.looks > LOOKS_PER_BYTE_MAX * (end - start + 16)) throw new Error("reading does not end");
    this.plan.change(this.message, this.looks, index);
  }
}

/** Changes a few bytes every few looks. */
class RandomPlan implements Plan {
  private next: number;

  constructor(private readonly random: () => number) {
    this.next = 1 + this.below(12);
  }

  change({ bytes, start, end }: Message, look: number, index: number): void {
    if (look < this.next) return;
    this.next = look + 1 + this.below(16);
    for (let count = 1 + this.below(3); count > 0; count--) {
      // Mostly what was just looked at or comes next: what is read twice is read twice within a few bytes.
      const at = this.random() < 0.8 ? index - 2 + this.below(10) : start + this.below(end - start);
      if (at < start || at >= end) continue;
      const byte = this.random() < 0.7 ? BYTES[this.below(BYTES.length)]! : this.below(256);
      bytes[at] = byte === CANARY ? 0 : byte;
    }
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }
}

type Outcome = "value" | "changed" | "refused";

/** A decoder with its message between other bytes. */
class Trial {
  readonly message: Message;
  private readonly honest: unknown;

  constructor(
    readonly decoder: Decoder,
    private readonly peer: Peer,
    private readonly isRefusal: (e: unknown) => boolean,
  ) {
    const { length } = decoder.message;
    const bytes = new Uint8Array(length + 2 * AROUND_BYTES).fill(CANARY);
    this.message = { bytes, start: AROUND_BYTES, end: AROUND_BYTES + length };
    this.honest = this.decode(HONEST);
  }

  run(plan: Plan): Outcome {
    const { name, check } = this.decoder;
    let value: unknown;
    try {
      value = this.decode(plan);
    } catch (error) {
      if (this.isRefusal(error)) return "refused";
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    }
    try {
      check(value);
    } catch (error) {
      throw new Error(`${name}: a value came out that its type does not have: ${(error as Error).message}`);
    }
    if (holdsCanary(value)) throw new Error(`${name}: bytes from outside of the message are in the value`);
    return isDeepStrictEqual(value, this.honest) ? "value" : "changed";
  }

  private decode(plan: Plan): unknown {
    const { bytes, start, end } = this.message;
    bytes.set(this.decoder.message, start);
    this.peer.begin(this.message, plan);
    return this.decoder.decode(bytes, start, end);
  }
}

async function trials(seed: number): Promise<{ peer: Peer; trials: Trial[] }> {
  const peer = new Peer();
  const { CellError, makeDecoders } = await importWatched<typeof Decoders>(join(import.meta.dir, "decoders.ts"), peer);
  const isRefusal = (e: unknown): boolean => e instanceof CellError && e.code === "INVALID_ARGUMENT";
  return { peer, trials: makeDecoders(seed).map((decoder) => new Trial(decoder, peer, isRefusal)) };
}

for (const seed of SEEDS) {
  test(`a message that changes between looks is a value of its type or a clear error (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const { trials: all } = await trials(seed);
    const outcomes = { value: 0, changed: 0, refused: 0 };
    for (let count = 0; count < MESSAGES_PER_SEED; count++) {
      outcomes[all[count % all.length]!.run(new RandomPlan(random))]++;
    }
    // All three happen, or the test would not test much.
    for (const outcome of Object.values(outcomes)) expect(outcome).toBeGreaterThan(MESSAGES_PER_SEED / 50);
  }, 3_600_000);
}

test("one byte of a short message may become any other one at any moment", async () => {
  const { peer, trials: all } = await trials(1);
  for (const trial of all.filter(({ decoder }) => decoder.message.length <= EXHAUSTED_BYTES_MAX)) {
    const { length } = trial.decoder.message;
    const candidates = new Set([...trial.decoder.message, 0x00, 0x61, 0xc0, 0xdb, 0xff]);
    trial.run(HONEST);
    const { looks } = peer;
    for (let moment = 1; moment <= looks; moment++) {
      for (let at = 0; at < length; at++) {
        for (const byte of candidates) {
          trial.run({
            change({ bytes, start }, look) {
              if (look === moment) bytes[start + at] = byte;
            },
          });
        }
      }
    }
  }
}, 300_000);
