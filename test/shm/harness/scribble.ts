/** Where a segment's control words and rings are; `docs/protocol.md`. */
const CONTROL_BYTES = 4096;
const RING_WORDS = 128;
const Word = { tail: 0, head: 32, consumerSleeps: 64, producerWaits: 96 } as const;

/** Bytes of a segment whose rings may grow to `ringBytesMax`. */
export function segmentBytes(ringBytesMax: number): number {
  return CONTROL_BYTES + 2 * ringBytesMax;
}

/** Who reads what is scribbled over. */
export type Victim = "server" | "client";

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** Headers lie near the position that the victim looks at; what is far away it will never read. */
const NEAR_BYTES = 512;
/** What breaks programs that compute with positions and lengths. */
const AWKWARD = [0, 1, -1, -2, -3, 7, 8, 2 ** 31 - 1, -(2 ** 31), 2 ** 15, 2 ** 20, 2 ** 20 - 4, 2 ** 30];

/** Writes by chance into a segment, where one side of it reads: records and their headers, positions, and wishes. */
export class Scribble {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #ringBytes: number;
  /** The ring that the victim reads, and the one that it writes. */
  readonly #inbound: 0 | 1;

  constructor(buffer: ArrayBuffer, victim: Victim, private readonly random: () => number) {
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#ringBytes = (buffer.byteLength - CONTROL_BYTES) / 2;
    this.#inbound = victim === "server" ? 0 : 1;
  }

  /** One mutation of something that the victim reads. */
  mutate(): void {
    const choice = this.random();
    if (choice < 0.55) this.#mutateRecords();
    else if (choice < 0.7) this.#mutateWord(this.#inbound, Word.tail);
    else if (choice < 0.85) this.#mutateWord((1 - this.#inbound) as 0 | 1, Word.head);
    else if (choice < 0.92) this.#mutateWord(this.#inbound, Word.producerWaits);
    else this.#mutateWord((1 - this.#inbound) as 0 | 1, Word.consumerSleeps);
  }

  /** Lets the victim believe that a record by chance has come. */
  append(): void {
    const tail = this.#words[this.#inbound * RING_WORDS + Word.tail]!;
    const length = this.#below(64);
    this.#words[this.#index(tail)] = length;
    for (let word = 1; word <= length / WORD_BYTES; word++) {
      this.#words[this.#index(tail + word * WORD_BYTES)] = this.#value(0);
    }
    Atomics.store(this.#words, this.#inbound * RING_WORDS + Word.tail, (tail + ((length + 11) & ~7)) | 0);
  }

  #mutateRecords(): void {
    // Near what is read now, of the ring's first bytes mostly: few rings have grown.
    const head = this.#words[this.#inbound * RING_WORDS + Word.head]!;
    const at = this.#index(head + this.#below(NEAR_BYTES) * WORD_BYTES);
    if (this.random() < 0.5) this.#words[at] = this.#value(this.#words[at]!);
    else this.#bytes[at * WORD_BYTES + this.#below(WORD_BYTES)] = this.#below(256);
  }

  #mutateWord(ring: 0 | 1, word: number): void {
    const index = ring * RING_WORDS + word;
    Atomics.store(this.#words, index, this.#value(this.#words[index]!));
  }

  #value(before: number): number {
    const choice = this.random();
    if (choice < 0.3) return AWKWARD[this.#below(AWKWARD.length)]!;
    if (choice < 0.7) return (before + (this.#below(64) - 32) * 8) | 0;
    return (this.random() * 2 ** 32) | 0;
  }

  /** Index of the word at a position of the ring that the victim reads. */
  #index(position: number): number {
    const capacity = this.random() < 0.8 ? Math.min(2 ** 15, this.#ringBytes) : this.#ringBytes;
    const offset = position & (capacity - 1) & ~(WORD_BYTES - 1);
    return (CONTROL_BYTES + this.#inbound * this.#ringBytes + offset) / WORD_BYTES;
  }

  #below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}
