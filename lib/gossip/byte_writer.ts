import { Writer } from "../base/mod.ts";

const UINT32_SCALE = 2 ** 32;

/** Writes what `ByteReader` reads: little-endian numbers, blocks and texts behind their lengths. */
export class ByteWriter {
  readonly #writer: Writer;

  constructor(initialBytes = 1024) {
    this.#writer = new Writer(initialBytes);
  }

  uint8(value: number): this {
    const { writer, at } = this.#grow(1);
    writer.view.setUint8(at, value);
    return this;
  }

  uint16(value: number): this {
    const { writer, at } = this.#grow(2);
    writer.view.setUint16(at, value, true);
    return this;
  }

  uint32(value: number): this {
    const { writer, at } = this.#grow(4);
    writer.view.setUint32(at, value, true);
    return this;
  }

  uint48(value: number): this {
    const { writer, at } = this.#grow(6);
    writer.view.setUint32(at, value % UINT32_SCALE, true);
    writer.view.setUint16(at + 4, Math.floor(value / UINT32_SCALE), true);
    return this;
  }

  /** A whole number below 2^53, in 64 bits. */
  whole(value: number): this {
    return this.uint32(value % UINT32_SCALE).uint32(Math.floor(value / UINT32_SCALE));
  }

  /** The bytes as they are. */
  bytes(value: Uint8Array): this {
    this.#writer.append(value);
    return this;
  }

  /** The bytes behind their length (32 bits). */
  block(value: Uint8Array): this {
    return this.uint32(value.length).bytes(value);
  }

  /** ASCII behind its length (8 bits); whoever writes has checked it. */
  text(value: string): this {
    return this.uint8(value.length).bytes(Buffer.from(value, "latin1"));
  }

  /** 32 hex digits as 16 bytes. */
  nodeId(id: string): this {
    return this.bytes(Buffer.from(id, "hex"));
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#writer.written().slice();
  }

  #grow(count: number): { writer: Writer; at: number } {
    const writer = this.#writer;
    writer.reserve(count);
    const at = writer.length;
    writer.length += count;
    return { writer, at };
  }
}
