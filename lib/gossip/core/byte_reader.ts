import { INCARNATION_MAX } from "./limits.ts";
import type { NodeId } from "./member.ts";

/** The bytes of a node's id. */
export const ID_BYTES = 16;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Reads from bytes that anybody may have made: what is not there reads as 0 and makes `isBroken` true, so lengths are
 * checked once at the end of a part and nothing is allocated for what was only claimed.
 */
export class ByteReader {
  isBroken = false;
  #offset = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.#offset;
  }

  uint8(): number {
    return this.#has(1) ? this.bytes[this.#advance(1)]! : 0;
  }

  uint16(): number {
    return this.#has(2) ? this.#view.getUint16(this.#advance(2), true) : 0;
  }

  uint32(): number {
    return this.#has(4) ? this.#view.getUint32(this.#advance(4), true) : 0;
  }

  /** Below 2^53, or it is broken. */
  incarnation(): number {
    const value = this.uint32() + this.uint32() * 2 ** 32;
    if (value <= INCARNATION_MAX) return value;
    this.isBroken = true;
    return 0;
  }

  id(): NodeId {
    if (!this.#has(ID_BYTES)) return "";
    const start = this.#advance(ID_BYTES);
    let text = "";
    for (let index = start; index < start + ID_BYTES; index++) text += HEX[this.bytes[index]!];
    return text;
  }

  /** A view of the next `count` bytes; empty when there are not as many. */
  view(count: number): Uint8Array {
    if (!this.#has(count)) return this.bytes.subarray(0, 0);
    const start = this.#advance(count);
    return this.bytes.subarray(start, start + count);
  }

  #has(count: number): boolean {
    if (this.left < count) this.isBroken = true;
    return !this.isBroken;
  }

  #advance(count: number): number {
    const start = this.#offset;
    this.#offset += count;
    return start;
  }
}

/** Appends an id's bytes. */
export function writeId(bytes: Uint8Array, offset: number, id: NodeId): number {
  for (let index = 0; index < ID_BYTES; index++) {
    bytes[offset + index] = (nibble(id.charCodeAt(2 * index)) << 4) | nibble(id.charCodeAt(2 * index + 1));
  }
  return offset + ID_BYTES;
}

/** Appends an incarnation. */
export function writeIncarnation(view: DataView, offset: number, incarnation: number): number {
  view.setUint32(offset, incarnation % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(incarnation / 2 ** 32), true);
  return offset + 8;
}

/** Of a lower-case hex digit. */
function nibble(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
