/**
 * Numbers of four and eight bytes, put together from single bytes. A DataView of the message would read them in one
 * step, but making one costs as much as sixteen numbers read like this, and it would hold on to the message's memory.
 */

const scratch = new DataView(new ArrayBuffer(8));
const singleBits = new Int32Array(1);
const single = new Float32Array(singleBits.buffer);

/** Exponents of all bits or none: not a number, infinite, zero, or too small for the usual form. */
const EXPONENT_MAX = 0x7ff;
/** By its exponent, what the 53 bits of a number's significand are worth, as if they were an integer. */
const SCALES = Float64Array.from({ length: EXPONENT_MAX }, (_, exponent) => 2 ** (exponent - 1075));
/** The bit of the significand that is not written. */
const HIDDEN_BIT = 2 ** 20;

/** The four bytes at `position` as a signed integer. */
export function readInt32(bytes: Uint8Array, position: number): number {
  return (bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!;
}

/** The number of single precision at `position`. */
export function readFloat32(bytes: Uint8Array, position: number): number {
  singleBits[0] = readInt32(bytes, position);
  return single[0]!;
}

/** The number of double precision at `position`. */
export function readFloat64(bytes: Uint8Array, position: number): number {
  const high = readInt32(bytes, position);
  const low = readInt32(bytes, position + 4);
  const exponent = (high >>> 20) & EXPONENT_MAX;
  if (exponent === 0 || exponent === EXPONENT_MAX) return unusualFloat64(high, low);
  // All three are exact: an integer of 53 bits, a power of two, and their product.
  const magnitude = (((high & (HIDDEN_BIT - 1)) | HIDDEN_BIT) * 2 ** 32 + (low >>> 0)) * SCALES[exponent]!;
  return high < 0 ? -magnitude : magnitude;
}

function unusualFloat64(high: number, low: number): number {
  scratch.setInt32(0, high);
  scratch.setInt32(4, low);
  return scratch.getFloat64(0);
}

/** The eight bytes at `position` as a signed integer. */
export function readBigInt64(bytes: Uint8Array, position: number): bigint {
  scratch.setInt32(0, readInt32(bytes, position));
  scratch.setInt32(4, readInt32(bytes, position + 4));
  return scratch.getBigInt64(0);
}

/** The eight bytes at `position` as an integer from 0 on. */
export function readBigUint64(bytes: Uint8Array, position: number): bigint {
  return BigInt.asUintN(64, readBigInt64(bytes, position));
}
