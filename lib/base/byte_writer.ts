import { Writer } from "./writer.ts";

const UINT32_SCALE = 2 ** 32;

/** Writes what `ByteReader` reads: a `Writer` that knows the kinds of fields. Whoever writes has checked that values fit. */
export class ByteWriter extends Writer {
  uint8(value: number): this {
    const at = this.#grow(1);
    this.bytes[at] = value;
    return this;
  }

  uint16(value: number): this {
    const at = this.#grow(2);
    this.view.setUint16(at, value, true);
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(4);
    this.view.setUint32(at, value, true);
    return this;
  }

  uint48(value: number): this {
    return this.uint32(value % UINT32_SCALE).uint16(Math.floor(value / UINT32_SCALE));
  }

  /** A whole number below 2^53, in 64 bits. */
  uint53(value: number): this {
    return this.uint32(value % UINT32_SCALE).uint32(Math.floor(value / UINT32_SCALE));
  }

  /** The bytes as they are. */
  raw(value: Uint8Array): this {
    this.append(value);
    return this;
  }

  /** The bytes behind their length (32 bits). */
  block(value: Uint8Array): this {
    return this.uint32(value.length).raw(value);
  }

  /** Printable ASCII behind its length (8 bits). */
  ascii(text: string): this {
    const at = this.#grow(1 + text.length);
    this.bytes[at] = text.length;
    for (let index = 0; index < text.length; index++) this.bytes[at + 1 + index] = text.charCodeAt(index);
    return this;
  }

  /** Lower-case hex digits, two for each byte. */
  hex(digits: string): this {
    // Uint8Array.fromHex would make an array for them first: ids are written often.
    const byteCount = digits.length / 2;
    const at = this.#grow(byteCount);
    const { bytes } = this;
    for (let index = 0; index < byteCount; index++) {
      bytes[at + index] = (nibble(digits.charCodeAt(2 * index)) << 4) | nibble(digits.charCodeAt(2 * index + 1));
    }
    return this;
  }

  /** What was written, in memory of its own; nothing is written after this. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.length === this.bytes.length ? this.bytes : this.bytes.slice(0, this.length);
  }

  #grow(count: number): number {
    this.reserve(count);
    const at = this.length;
    this.length += count;
    return at;
  }
}

/** Of a lower-case hex digit. */
function nibble(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
