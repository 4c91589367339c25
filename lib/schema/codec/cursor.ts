/**
 * How many values that live on the heap one message may hold in its arrays, maps and sets. An element takes one byte on
 * the wire and up to a hundred in memory: without this bound 16 MiB of empty objects would become a gigabyte.
 */
export const ELEMENTS_MAX = 2 ** 21;

/** How many values may be passed over in search of discriminating properties that do not come first. */
export const SCANNED_MAX = 2 ** 23;

/** Arrays, maps and objects inside one another, in a value or in a message. */
export const NESTING_MAX = 128;

/** Where a decoder stands in a message. */
export class Cursor {
  bytes: Uint8Array = EMPTY;
  private view: DataView | undefined;
  position = 0;
  end = 0;
  elementsLeft = 0;
  scansLeft = 0;
  /** Why a value without a schema was refused. */
  problem = "";

  start(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.elementsLeft = ELEMENTS_MAX;
    this.scansLeft = SCANNED_MAX;
  }

  /** Lets go of the message: its memory may be a mapping that ends when nothing looks at it any more. */
  stop(): void {
    this.bytes = EMPTY;
    if (this.view !== undefined) this.view = undefined;
  }

  /** A view of `bytes`, for many floating-point numbers: making it costs as much as some twenty of them. */
  makeView(): DataView {
    const { bytes } = this;
    return this.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

const EMPTY = new Uint8Array(0);
