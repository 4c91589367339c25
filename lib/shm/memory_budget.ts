import { MIB } from "../base/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX, segmentBytes } from "./layout.ts";

/** What the connections of one serving process may have of shared memory together, if all their rings grow. */
export const SHARED_BYTES_MAX = 256 * MIB;
/** One connection may have this share of what is left, so that the 257th still gets some. */
const SHARE = 1 / 64;

/**
 * Says how large the rings of one more connection may grow. The first ones may grow to `RING_BYTES_MAX`, later ones to
 * less: 64 connections to the whole, 64 more to half of it, and so on. When even the smallest rings do not fit any more,
 * connections stay on their sockets.
 */
export class MemoryBudget {
  #leftBytes: number;

  constructor(totalBytes = SHARED_BYTES_MAX) {
    this.#leftBytes = totalBytes;
  }

  /** How many bytes each ring of one more connection may have; undefined when it gets none. See `take`. */
  get ringBytesMax(): number | undefined {
    const share = Math.min((this.#leftBytes * SHARE) / 2, RING_BYTES_MAX);
    const ringBytesMax = Math.max(2 ** Math.floor(Math.log2(share)), RING_BYTES_INITIAL);
    return segmentBytes(ringBytesMax) > this.#leftBytes ? undefined : ringBytesMax;
  }

  /** Reserves what a connection gets; false when others were faster. */
  take(ringBytesMax: number): boolean {
    const bytes = segmentBytes(ringBytesMax);
    if (bytes > this.#leftBytes) return false;
    this.#leftBytes -= bytes;
    return true;
  }

  /** The connection is gone. */
  giveBack(ringBytesMax: number): void {
    this.#leftBytes += segmentBytes(ringBytesMax);
  }
}
