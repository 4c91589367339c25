import { CellError } from "../base/mod.ts";

const HEX_ID_BYTES = 16;
const UINT32_SCALE = 2 ** 32;

/**
 * Reads fields one after the other from bytes that somebody else wrote. Every length is checked against what is left before
 * anything is made of it. Throws INVALID_ARGUMENT with what was expected.
 */
export class ByteReader {
  #at = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.bytes.length - this.#at;
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

  /** A whole number in 64 bits that JavaScript can count to. */
  whole(what: string): number {
    const at = this.#skip(8, what);
    const value = this.#view.getUint32(at + 4, true) * UINT32_SCALE + this.#view.getUint32(at, true);
    if (!Number.isSafeInteger(value)) throw malformed(`${what} is not below 2^53`);
    return value;
  }

  /** A view, not a copy. */
  take(length: number, what: string): Uint8Array {
    const at = this.#skip(length, what);
    return this.bytes.subarray(at, at + length);
  }

  /** Bytes behind their length (32 bits): a view. */
  block(bytesMax: number, what: string): Uint8Array {
    const length = this.uint32(what);
    if (length > bytesMax) throw malformed(`${what} has ${length} bytes, expected at most ${bytesMax}`);
    return this.take(length, what);
  }

  /** Printable ASCII behind its length (8 bits). */
  text(bytesMax: number, what: string): string {
    const length = this.uint8(what);
    if (length > bytesMax) throw malformed(`${what} has ${length} bytes, expected at most ${bytesMax}`);
    const bytes = this.take(length, what);
    if (!bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) throw malformed(`${what} is not printable ASCII`);
    return asBuffer(bytes).toString("latin1");
  }

  /** 16 bytes as 32 hex digits. */
  nodeId(what: string): string {
    return asBuffer(this.take(HEX_ID_BYTES, what)).toString("hex");
  }

  /** Everything that is left: a view. */
  rest(): Uint8Array {
    return this.take(this.left, "the rest");
  }

  /** Throws unless everything was read. */
  finish(what: string): void {
    if (this.left > 0) throw malformed(`${what} is followed by ${this.left} bytes too many`);
  }

  #skip(length: number, what: string): number {
    if (length > this.left) throw malformed(`${what} needs ${length} bytes, ${this.left} are left`);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What is thrown for bytes that do not have the form they should. */
export function malformed(found: string): CellError {
  return new CellError("INVALID_ARGUMENT", `reading bytes of another node: ${found}`);
}
