import { Marker, RECORD_ALIGNMENT, RING_WORDS, Word } from "../layout.ts";
import type { RingMemory } from "../ring_memory.ts";

/** A peer that writes what it likes where it likes. */
export class Mutator {
  private readonly headers: Int32Array<ArrayBuffer>;

  /** `word` is the control word that belongs to this peer: it is written most often, so that the other side has work. */
  constructor(
    private readonly memory: RingMemory,
    private readonly random: () => number,
    private readonly word: number,
  ) {
    this.headers = new Int32Array(memory.buffer, memory.dataOffset, memory.bytesMax / Int32Array.BYTES_PER_ELEMENT);
  }

  /** One write: of a control word, a record's header, or any byte. */
  mutate(): void {
    const { words, buffer, dataOffset, bytesMax } = this.memory;
    const kind = this.random();
    if (kind < 0.35) Atomics.store(words, this.word, this.position());
    else if (kind < 0.4) words[this.below(RING_WORDS)] = this.anything();
    else if (kind < 0.45) new DataView(buffer).setInt32(dataOffset + this.below(bytesMax - 4), this.anything());
    else if (kind < 0.75) this.headers[this.offset() >> 2] = this.length();
    else this.headers[this.below(this.headers.length)] = this.length();
  }

  /** Mostly one that is possible: a little further than it was, or than the other side is. */
  private position(): number {
    const { words } = this.memory;
    const kind = this.random();
    const from = words[kind < 0.5 ? Word.head : kind < 0.8 ? Word.tail : this.word]!;
    const by = this.below(this.random() < 0.5 ? 4096 : this.memory.bytesMax);
    if (this.random() < 0.02) return this.anything();
    return (this.word === Word.tail ? from + by : from - by) & (this.random() < 0.97 ? -RECORD_ALIGNMENT : -1);
  }

  /** Where a record may begin that the other side reads next. */
  private offset(): number {
    const { words, bytesMax } = this.memory;
    const capacity = bytesMax >> this.below(3);
    return (words[Word.head]! & (capacity - 1)) % bytesMax & -RECORD_ALIGNMENT;
  }

  private length(): number {
    const kind = this.random();
    if (kind < 0.6) return this.below(512);
    if (kind < 0.75) return Marker.wrap;
    if (kind < 0.85) return Marker.grow;
    return kind < 0.95 ? this.below(this.memory.bytesMax * 2) : this.anything();
  }

  private anything(): number {
    return this.random() * 2 ** 32 | 0;
  }

  private below(bound: number): number {
    return Math.floor(this.random() * bound);
  }
}
