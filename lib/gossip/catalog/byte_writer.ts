import { Writer } from "../../base/mod.ts";

/** Appends the kinds of values that records and messages are made of, big-endian. */
export class ByteWriter extends Writer {
  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value);
    this.length += 4;
  }

  /** A whole number below 2^53 in eight bytes. */
  u53(value: number): void {
    this.u32(Math.floor(value / 2 ** 32));
    this.u32(value >>> 0);
  }

  hex(text: string): void {
    this.append(Uint8Array.fromHex(text));
  }

  /** One byte of length, then as many ASCII characters. */
  ascii(text: string): void {
    this.u8(text.length);
    for (let index = 0; index < text.length; index++) this.u8(text.charCodeAt(index));
  }
}
