import { CellError } from "../../base/mod.ts";

/** The tags that certificates are made of (X.690). */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** The tag of the context's element `number`: constructed, or plain for what holds a value itself. */
export function contextTag(number: number, isConstructed: boolean): number {
  return (isConstructed ? 0xa0 : 0x80) | number;
}

/** Lengths take two bytes at most: nothing here is longer than 64 KiB. */
const LENGTH_BYTES_MAX = 2;

/**
 * Goes through DER element by element and never past its end. Only the one encoding that DER allows of a length is taken,
 * so two different byte strings are never the same certificate. It does not recurse: whoever reads says what comes next.
 */
export class DerReader {
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  /** Whether the next element has `tag`. */
  hasNext(tag: number): boolean {
    return this.bytes[this.offset] === tag;
  }

  /** Takes the next element's content. Throws INVALID_ARGUMENT, naming `what`, unless it has `tag`. */
  take(tag: number, what: string): Uint8Array {
    const { contentStart, end } = this.measure(tag, what);
    this.offset = end;
    return this.bytes.subarray(contentStart, end);
  }

  /** Takes the next element whole, tag and length included. */
  takeWhole(tag: number, what: string): Uint8Array {
    const start = this.offset;
    const { end } = this.measure(tag, what);
    this.offset = end;
    return this.bytes.subarray(start, end);
  }

  /** A reader of the next element's content. */
  enter(tag: number, what: string): DerReader {
    return new DerReader(this.take(tag, what));
  }

  /** Takes an object identifier as hex digits of its encoding: comparing needs no more. */
  takeObjectIdentifier(what: string): string {
    return Buffer.from(this.take(Tag.OBJECT_IDENTIFIER, what)).toString("hex");
  }

  /** Throws INVALID_ARGUMENT unless everything was taken. */
  finish(what: string): void {
    if (!this.isAtEnd) throw malformed(`${this.bytes.length - this.offset} bytes too many after ${what}`);
  }

  private measure(tag: number, what: string): { contentStart: number; end: number } {
    const found = this.bytes[this.offset];
    if (found !== tag) {
      const shown = found === undefined ? "the end" : `tag 0x${found.toString(16).padStart(2, "0")}`;
      throw malformed(`expected ${what}, found ${shown}`);
    }
    let contentStart = this.offset + 2;
    let length = this.bytes[this.offset + 1] ?? Number.POSITIVE_INFINITY;
    if (length > 0x7f && length !== Number.POSITIVE_INFINITY) {
      const lengthBytes = length & 0x7f;
      if (lengthBytes === 0 || lengthBytes > LENGTH_BYTES_MAX) throw malformed(`the length of ${what} cannot be right`);
      length = 0;
      for (let index = 0; index < lengthBytes; index++) {
        length = length * 256 + (this.bytes[contentStart++] ?? Number.POSITIVE_INFINITY);
      }
      const isShortest = lengthBytes === 1 ? length > 0x7f : length > 0xff;
      if (!isShortest) throw malformed(`the length of ${what} is not in its shortest form`);
    }
    const end = contentStart + length;
    if (end > this.bytes.length) throw malformed(`${what} is cut off`);
    return { contentStart, end };
  }
}

/** The error for bytes that are no certificate. */
export function malformed(why: string): CellError {
  return new CellError("INVALID_ARGUMENT", `reading a certificate: ${why}`);
}
