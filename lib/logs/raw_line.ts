import { LINE_BYTES_MAX, PREFIX_LENGTH } from "./log_line.ts";

/** What we write is never longer, with its note that it was cut; what native code writes may be. */
const RAW_BYTES_MAX = LINE_BYTES_MAX + PREFIX_LENGTH + 64;
const NOTHING = new Uint8Array(0);

/** The first bytes of a line, which comes in pieces; the rest of one that is too long is not kept. */
export class RawLine {
  #bytes: Uint8Array = NOTHING;
  #isCut = false;

  get isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  append(piece: Uint8Array): void {
    this.#keep(this.#bytes, piece);
  }

  prepend(piece: Uint8Array): void {
    this.#keep(piece, this.#bytes);
  }

  /** The line so far; the next one begins. */
  take(): string {
    const text = new TextDecoder().decode(this.#bytes);
    const isCut = this.#isCut;
    this.#bytes = NOTHING;
    this.#isCut = false;
    return isCut ? `${text} [cut]` : text;
  }

  #keep(first: Uint8Array, second: Uint8Array): void {
    this.#isCut ||= first.length + second.length > RAW_BYTES_MAX;
    const length = Math.min(first.length + second.length, RAW_BYTES_MAX);
    const bytes = new Uint8Array(length);
    bytes.set(first.subarray(0, length));
    if (first.length < length) bytes.set(second.subarray(0, length - first.length), first.length);
    this.#bytes = bytes;
  }
}
