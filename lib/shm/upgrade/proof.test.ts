import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { freshNonce, isProof, NONCE_BYTES, prove } from "./proof.ts";
import { NONCES, OTHER_SECRET, SECRET } from "./testing/both_sides.ts";

test("a proof is HMAC-SHA256 over label, client's nonce and server's nonce, as an independent implementation says", () => {
  for (const side of ["client", "server"] as const) {
    const expected = createHmac("sha256", SECRET).update(`cell shared memory 1: ${side}`)
      .update(NONCES.client).update(NONCES.server).digest();
    expect(Buffer.from(prove(side, SECRET, NONCES))).toEqual(expected);
  }
});

test("a proof is right for its side, secret and nonces only", () => {
  const proof = prove("client", SECRET, NONCES);
  expect(isProof(proof, "client", SECRET, NONCES)).toBe(true);
  expect(isProof(proof, "server", SECRET, NONCES)).toBe(false);
  expect(isProof(proof, "client", OTHER_SECRET, NONCES)).toBe(false);
  expect(isProof(proof, "client", SECRET, { ...NONCES, client: freshNonce() })).toBe(false);
  expect(isProof(proof, "client", SECRET, { ...NONCES, server: freshNonce() })).toBe(false);
  expect(isProof(proof, "client", SECRET, { client: NONCES.server, server: NONCES.client })).toBe(false);
});

test("a proof with one wrong bit anywhere, or of another length, is none", () => {
  const proof = prove("server", SECRET, NONCES);
  for (let bit = 0; bit < proof.length * 8; bit++) {
    const wrong = proof.slice();
    wrong[bit >> 3]! ^= 1 << (bit & 7);
    expect(isProof(wrong, "server", SECRET, NONCES)).toBe(false);
  }
  expect(isProof(proof.slice(1), "server", SECRET, NONCES)).toBe(false);
  expect(isProof(new Uint8Array(0), "server", SECRET, NONCES)).toBe(false);
});

test("nonces are never the same", () => {
  const nonces = Array.from({ length: 100 }, () => freshNonce().toHex());
  expect(new Set(nonces).size).toBe(100);
  expect(nonces.every((nonce) => nonce.length === 2 * NONCE_BYTES)).toBe(true);
});

test("a secret of another length proves nothing", () => {
  for (const length of [0, 31, 33]) {
    expect(() => prove("client", new Uint8Array(length), NONCES)).toThrow(
      `expected a secret of 32 bytes, found ${length}`,
    );
  }
});
