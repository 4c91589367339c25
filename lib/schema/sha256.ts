/** Bytes of one block; FIPS 180-4 section 5.2.1. */
const BLOCK_BYTES = 64;
/** Message length, at the end of the last block; FIPS 180-4 section 5.1.1. */
const LENGTH_BYTES = 8;

/**
 * The SHA-256 of bytes, as 64 hex digits (FIPS 180-4). Fingerprints are needed in places that have no synchronous
 * hash of their own, and loading node:crypto takes longer than hashing a service's whole schema here.
 */
export function sha256(message: Uint8Array): string {
  const blocks = Math.ceil((message.length + 1 + LENGTH_BYTES) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - LENGTH_BYTES, BigInt(message.length) * 8n);
  const { initial, round } = constants();
  const hash = Int32Array.from(initial);
  const schedule = new Int32Array(64);
  for (let offset = 0; offset < padded.length; offset += BLOCK_BYTES) {
    for (let t = 0; t < 16; t++) schedule[t] = view.getInt32(offset + 4 * t);
    for (let t = 16; t < 64; t++) {
      schedule[t] = sigma(schedule[t - 2]!, 17, 19, 10) + schedule[t - 7]! + sigma(schedule[t - 15]!, 7, 18, 3) +
        schedule[t - 16]!;
    }
    compress(hash, schedule, round);
  }
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** One block; FIPS 180-4 section 6.2.2, steps 2 to 4. */
function compress(hash: Int32Array, schedule: Int32Array, round: Int32Array): void {
  let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const sumE = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + sumE + ((e & f) ^ (~e & g)) + round[t]! + schedule[t]!) | 0;
    const sumA = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (sumA + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => hash[index] = hash[index]! + word);
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function sigma(word: number, first: number, second: number, shift: number): number {
  return rotate(word, first) ^ rotate(word, second) ^ (word >>> shift);
}

let known: { initial: Int32Array; round: Int32Array } | undefined;

/**
 * The first 32 bits of the fractions of the square roots of the first 8 primes and of the cube roots of the first 64;
 * FIPS 180-4 sections 5.3.3 and 4.2.2. A double has 15 bits more than are needed.
 */
function constants(): { initial: Int32Array; round: Int32Array } {
  if (known !== undefined) return known;
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  known = {
    initial: Int32Array.from(primes.slice(0, 8), (prime) => fractionBits(Math.sqrt(prime))),
    round: Int32Array.from(primes, (prime) => fractionBits(Math.cbrt(prime))),
  };
  return known;
}

function fractionBits(root: number): number {
  return ((root % 1) * 2 ** 32) | 0;
}
