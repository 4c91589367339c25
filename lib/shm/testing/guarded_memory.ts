import { assert } from "../../base/mod.ts";
import { CONTROL_BYTES, RING_WORDS } from "../layout.ts";
import type { RingMemory } from "../ring_memory.ts";

/** On both sides of the ring's memory, to see that nothing outside is touched. */
const CANARY_BYTES = 4096;
const CANARY = 0xa5;

/** One ring's memory between two stretches of bytes that nobody may touch. */
export interface GuardedMemory {
  /** Views of the ring, new ones at every call. */
  views(): RingMemory;
  /** Throws when a byte outside of the ring's memory has changed. */
  checkCanaries(): void;
}

/** Memory for a ring of at most `bytesMax`; `"shared"` is such that another thread can have it too. */
export function guardedMemory(bytesMax: number, kind: "own" | "shared" = "own"): GuardedMemory {
  const byteCount = 2 * CANARY_BYTES + CONTROL_BYTES + bytesMax;
  // The rings ask for the type of memory that is mapped; threads can only be given the other one.
  const buffer = kind === "own"
    ? new ArrayBuffer(byteCount)
    : (new SharedArrayBuffer(byteCount) as unknown as ArrayBuffer);
  new Uint8Array(buffer).fill(CANARY);
  new Uint8Array(buffer, CANARY_BYTES, CONTROL_BYTES + bytesMax).fill(0);
  return {
    views: () => ({
      words: new Int32Array(buffer, CANARY_BYTES, RING_WORDS),
      buffer,
      dataOffset: CANARY_BYTES + CONTROL_BYTES,
      bytesMax,
    }),
    checkCanaries() {
      for (const offset of [0, byteCount - CANARY_BYTES]) {
        const guard = new Int32Array(buffer, offset, CANARY_BYTES / Int32Array.BYTES_PER_ELEMENT);
        for (let index = 0; index < guard.length; index++) {
          assert(guard[index] === CANARY * 0x01010101 >> 0, "nothing outside of the ring is written");
        }
      }
    },
  };
}
