const WORD_BITS = 32;
/** A power of two. */
const WORDS = 32;
/**
 * How far a datagram may be behind the newest one of its sender: one word is always being cleared. At 500 datagrams a
 * second that is two seconds of reordering.
 */
export const REPLAY_WINDOW = (WORDS - 1) * WORD_BITS;

/**
 * Which sequence numbers of one sender have been seen (RFC 6479: a ring of words, so that moving on clears whole words and
 * shifts nothing). Numbers begin with 1.
 */
export class ReplayWindow {
  #newest = 0;
  readonly #seen = new Uint32Array(WORDS);

  /** Takes note of a number. False when it was seen before, or is too old to tell. */
  accept(sequence: number): boolean {
    if (sequence < 1 || sequence + REPLAY_WINDOW <= this.#newest) return false;
    const word = Math.floor(sequence / WORD_BITS);
    if (sequence > this.#newest) this.#advance(sequence, word);
    const index = word % WORDS;
    const bit = 1 << (sequence % WORD_BITS);
    if ((this.#seen[index]! & bit) !== 0) return false;
    this.#seen[index]! |= bit;
    return true;
  }

  #advance(sequence: number, word: number): void {
    const newestWord = Math.floor(this.#newest / WORD_BITS);
    const cleared = Math.min(word - newestWord, WORDS);
    for (let step = 0; step < cleared; step++) this.#seen[(word - step) % WORDS] = 0;
    this.#newest = sequence;
  }
}
