/**
 * Keeps one large buffer between two uses. The kernel gives memory in zeroed pages when it is first touched, so a new
 * megabyte costs some ten times as much as filling one that was used before.
 */
export class SpareBuffer {
  private kept: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /** A buffer of less than `bytesMin` is not worth keeping; one of more than `bytesMax` is too much to keep. */
  constructor(private readonly bytesMin: number, private readonly bytesMax: number) {}

  /** A buffer of at least `needed` bytes, with anything in it: the kept one, or a new one of `bytes`. */
  take(needed: number, bytes: number): Uint8Array<ArrayBuffer> {
    const { kept } = this;
    if (needed < this.bytesMin || kept.length < needed) return new Uint8Array(bytes);
    this.kept = new Uint8Array(0);
    return kept;
  }

  /** Gives a buffer back, to which nothing may refer any more. The largest one that may be kept is. */
  give(bytes: Uint8Array<ArrayBuffer>): void {
    const { length } = bytes;
    if (length >= this.bytesMin && length <= this.bytesMax && length > this.kept.length) this.kept = bytes;
  }
}
