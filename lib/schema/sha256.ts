/** The first 32 bits of the fractions of the square roots of the first 8 primes; FIPS 180-4 section 5.3.3. */
// deno-fmt-ignore -- eight to a line, as in the standard
const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
/** And of the cube roots of the first 64 primes; section 4.2.2. Written down, as they are needed at every start. */
// deno-fmt-ignore -- eight to a line, as in the standard
const ROUND = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
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
  view.setUint32(padded.length - LENGTH_BYTES, Math.floor(message.length / 2 ** 29));
  view.setUint32(padded.length - LENGTH_BYTES / 2, message.length * 8);
  const hash = new Int32Array(INITIAL);
  const schedule = new Int32Array(64);
  for (let offset = 0; offset < padded.length; offset += BLOCK_BYTES) {
    for (let t = 0; t < 16; t++) schedule[t] = view.getInt32(offset + 4 * t);
    for (let t = 16; t < 64; t++) {
      schedule[t] = sigma(schedule[t - 2]!, 17, 19, 10) + schedule[t - 7]! + sigma(schedule[t - 15]!, 7, 18, 3) +
        schedule[t - 16]!;
    }
    compress(hash, schedule);
  }
  let digits = "";
  for (let index = 0; index < 8; index++) digits += (hash[index]! >>> 0).toString(16).padStart(8, "0");
  return digits;
}

/** One block; FIPS 180-4 section 6.2.2, steps 2 to 4. */
function compress(hash: Int32Array, schedule: Int32Array): void {
  let a = hash[0]!, b = hash[1]!, c = hash[2]!, d = hash[3]!;
  let e = hash[4]!, f = hash[5]!, g = hash[6]!, h = hash[7]!;
  for (let t = 0; t < 64; t++) {
    const sumE = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + sumE + ((e & f) ^ (~e & g)) + ROUND[t]! + schedule[t]!) | 0;
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
  const words = [a, b, c, d, e, f, g, h];
  for (let index = 0; index < 8; index++) hash[index] = hash[index]! + words[index]!;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function sigma(word: number, first: number, second: number, shift: number): number {
  return rotate(word, first) ^ rotate(word, second) ^ (word >>> shift);
}
