import { expect, test } from "bun:test";
import { sha256 } from "./sha256.ts";

test("FIPS 180-4 example: one block", () => {
  expect(sha256(new TextEncoder().encode("abc"))).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("agrees with the runtime's SHA-256 for every length around the block boundaries", () => {
  for (let length = 0; length < 260; length++) {
    const message = Uint8Array.from({ length }, (_, index) => index * 31 + length);
    expect(sha256(message)).toBe(new Bun.CryptoHasher("sha256").update(message).digest("hex"));
  }
});
