import { MalformedError } from "./malformed_error.ts";

const UINT32_SCALE = 2 ** 32;
/** The upper half of 2^53. */
const HIGH_END = 2 ** 21;

/**
 * Reads little-endian fields one after the other from bytes that anybody may have made: never past their end, and every length is checked
 * against what is left before anything is made of it. Throws `MalformedError` with what was expected; `what` names the field
 * there.
 */
export class ByteReader {
  #offset = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Where the next field begins. */
  get offset(): number {
    return this.#offset;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.bytes.length - this.#offset;
  }

  uint8(what: string): number {
    return this.#view.getUint8(this.#skip(1, what));
  }

  uint16(what: string): number {
    return this.#view.getUint16(this.#skip(2, what), true);
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.#skip(4, what), true);
  }

  /** A whole number below 2^48, such as a time in milliseconds. */
  uint48(what: string): number {
    const at = this.#skip(6, what);
    return this.#view.getUint16(at + 4, true) * UINT32_SCALE + this.#view.getUint32(at, true);
  }

  /** A whole number in 64 bits, below 2^53: as far as JavaScript counts. */
  uint53(what: string): number {
    const at = this.#skip(8, what);
    const high = this.#view.getUint32(at + 4, true);
    if (high >= HIGH_END) throw new MalformedError(`${what} is not below 2^53`);
    return high * UINT32_SCALE + this.#view.getUint32(at, true);
  }

  /** The next `length` bytes: a view, not a copy. */
  view(length: number, what: string): Uint8Array {
    const start = this.#skip(length, what);
    return this.bytes.subarray(start, start + length);
  }

  /** Bytes behind their length (32 bits): a view. */
  block(bytesMax: number, what: string): Uint8Array {
    const length = this.uint32(what);
    if (length > bytesMax) throw new MalformedError(`${what} has ${length} bytes, expected at most ${bytesMax}`);
    return this.view(length, what);
  }

  /** Printable ASCII behind its length (8 bits). */
  ascii(lengthMax: number, what: string): string {
    const length = this.uint8(what);
    if (length > lengthMax) throw new MalformedError(`${what} has ${length} bytes, expected at most ${lengthMax}`);
    const start = this.#skip(length, what);
    let text = "";
    for (let index = start; index < start + length; index++) {
      const byte = this.bytes[index]!;
      if (byte < 0x20 || byte > 0x7e) throw new MalformedError(`${what} is not printable ASCII`);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** So many bytes as lower-case hex digits. */
  hex(byteCount: number, what: string): string {
    return this.view(byteCount, what).toHex();
  }

  /** Everything that is left: a view. */
  rest(): Uint8Array {
    return this.view(this.left, "the rest");
  }

  /** Throws unless everything was read. */
  finish(what: string): void {
    if (this.left > 0) throw new MalformedError(`${what} is followed by ${this.left} bytes too many`);
  }

  #skip(length: number, what: string): number {
    const start = this.#offset;
    if (length > this.bytes.length - start) {
      throw new MalformedError(`${what} needs ${length} bytes, ${this.bytes.length - start} are left`);
    }
    this.#offset = start + length;
    return start;
  }
}
