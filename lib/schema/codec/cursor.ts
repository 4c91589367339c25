import { KIB } from "../../base/mod.ts";

/**
 * How many values that live on the heap one message may hold in its arrays, maps and sets. An element takes one byte on
 * the wire and up to a hundred in memory: without this bound 16 MiB of empty objects would become a gigabyte.
 */
export const ELEMENTS_MAX = 2 ** 21;

/** How many values may be passed over in search of discriminating properties that do not come first. */
export const SCANNED_MAX = 2 ** 23;

/** Arrays, maps and objects inside one another, in a value or in a message. */
export const NESTING_MAX = 128;

/** A larger message is let go when it is decoded; a view of a smaller one is kept, as the next one may be beside it. */
const KEPT_BYTES_MAX = 64 * KIB;

/** Where a decoder stands in a message. */
export class Cursor {
  bytes: Uint8Array = EMPTY;
  /** Reads floating-point numbers from `bytes`; made when the first one is there. */
  view: DataView | undefined;
  position = 0;
  end = 0;
  elementsLeft = 0;
  scansLeft = 0;
  /** Why a value without a schema was refused. */
  problem = "";

  start(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = undefined;
    }
    this.position = start;
    this.end = end;
    this.elementsLeft = ELEMENTS_MAX;
    this.scansLeft = SCANNED_MAX;
  }

  /** Holds on to no large message. */
  stop(): void {
    if (this.bytes.length <= KEPT_BYTES_MAX) return;
    this.bytes = EMPTY;
    this.view = undefined;
  }

  /** The view of `bytes`. */
  makeView(): DataView {
    const { bytes } = this;
    return this.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

const EMPTY = new Uint8Array(0);
