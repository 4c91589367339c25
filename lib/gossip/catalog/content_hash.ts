/** 64 bits as two halves: numbers hold 53. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** Odd, and far from each other in their bits: the golden ratio and the square root of 3, as fractions of 2^32. */
const HIGH_FACTOR = 0x9e3779b1;
const LOW_FACTOR = 0xbb67ae85;

/**
 * A hash of bytes in two lanes, each finished as MurmurHash3 does (Appleby, fmix32). It finds differences between honest
 * nodes and withstands nobody: whoever makes two records of his own collide keeps only his own from being compared.
 */
export function hash64(bytes: Uint8Array, start = 0, end = bytes.length): Hash64 {
  let high = end - start;
  let low = ~high;
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    high = Math.imul(high ^ byte, HIGH_FACTOR);
    high ^= high >>> 15;
    low = Math.imul(low ^ byte, LOW_FACTOR);
    low ^= low >>> 13;
  }
  return { high: mixed(high ^ (low >>> 7)), low: mixed(low ^ (high >>> 9)) };
}

function mixed(lane: number): number {
  let value = lane;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
