/** What a reader throws at bytes that are none of ours; it does not leave this room. */
export class MalformedError extends Error {}

/** A place in bytes from outside: every step is checked against what is left before anything is made of it. */
export class ByteReader {
  offset = 0;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  /** Steps over `count` bytes and returns where they begin. */
  skip(count: number): number {
    if (count > this.left) throw new MalformedError(`${count} bytes expected, ${this.left} left`);
    const start = this.offset;
    this.offset += count;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2));
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4));
  }

  /** Eight bytes that hold at most 2^53 - 1. */
  u53(): number {
    const high = this.u32();
    if (high >= 2 ** 21) throw new MalformedError("a number above 2^53");
    return high * 2 ** 32 + this.u32();
  }

  hex(byteCount: number): string {
    const start = this.skip(byteCount);
    return this.bytes.subarray(start, start + byteCount).toHex();
  }

  /** One byte of length, then as many ASCII characters. */
  ascii(lengthMax: number): string {
    const length = this.u8();
    if (length > lengthMax) throw new MalformedError(`a name of ${length} characters`);
    const start = this.skip(length);
    let text = "";
    for (let index = start; index < start + length; index++) text += String.fromCharCode(this.bytes[index]!);
    return text;
  }

  /** A view of the next bytes, no copy. */
  view(byteCount: number): Uint8Array {
    const start = this.skip(byteCount);
    return this.bytes.subarray(start, start + byteCount);
  }
}
