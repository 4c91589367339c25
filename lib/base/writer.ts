import { MIB } from "./units.ts";

/** A writer that grew past this after one large message goes back to a small buffer. */
const KEEP_BYTES_MAX = 1 * MIB;

/**
 * A growing byte buffer. Encoders write at `length` straight into `bytes` after `reserve` made room, so a frame's
 * header and payload are laid down once and never copied.
 */
export class Writer {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  /** How many bytes are written; the next byte goes to this offset. */
  length = 0;

  constructor(private readonly initialBytes = 1024) {
    this.bytes = new Uint8Array(initialBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more bytes. `bytes` and `view` may be new objects afterwards. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Appends a copy of `source`. */
  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** The bytes written so far: a view, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Forgets what was written. */
  reset(): void {
    this.length = 0;
    if (this.bytes.length > KEEP_BYTES_MAX) {
      this.bytes = new Uint8Array(this.initialBytes);
      this.view = new DataView(this.bytes.buffer);
    }
  }
}
