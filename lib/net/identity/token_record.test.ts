import { expect, test } from "bun:test";
import { parseToken } from "./join_token.ts";
import {
  createToken,
  redeem,
  redemptionError,
  TOKEN_LIFETIME_MS_MAX,
  TOKEN_USES_MAX,
  tokenIdOf,
  type TokenOptions,
} from "./token_record.ts";

const options: TokenOptions = { fingerprint: new Uint8Array(32), addresses: ["a:1"], lifetimeMs: 60_000, uses: 2 };
const NOW_MS = 1_000_000;

test("a token admits as many machines as it was made for, until it expires", () => {
  const { text, record } = createToken(options, NOW_MS);
  const { secret } = parseToken(text);
  const first = redeem(record, secret, NOW_MS);
  if (first.outcome !== "ok") throw new Error(first.outcome);
  expect(first.record).toEqual({ ...record, usesLeft: 1 });
  const second = redeem(first.record, secret, NOW_MS + 59_999);
  if (second.outcome !== "ok") throw new Error(second.outcome);
  expect(redeem(second.record, secret, NOW_MS)).toEqual({ outcome: "used up" });
  expect(redeem(record, secret, NOW_MS + 60_000)).toEqual({ outcome: "expired" });
});

test("who has not the secret learns nothing about the token", () => {
  const { text, record } = createToken(options, NOW_MS);
  const { secret } = parseToken(text);
  for (let index = 0; index < secret.length; index++) {
    const guess = Uint8Array.from(secret);
    guess[index]! ^= 1;
    expect(redeem({ ...record, usesLeft: 0 }, guess, NOW_MS * 2)).toEqual({ outcome: "wrong" });
  }
  for (const guess of [new Uint8Array(), new Uint8Array(1_000), secret.subarray(1)]) {
    expect(redeem(record, guess, NOW_MS)).toEqual({ outcome: "wrong" });
  }
});

test("a record that is damaged admits nobody", () => {
  const { text, record } = createToken(options, NOW_MS);
  const { secret } = parseToken(text);
  expect(redeem({ ...record, secretHash: new Uint8Array() }, secret, NOW_MS)).toEqual({ outcome: "wrong" });
  expect(redeem({ ...record, usesLeft: -1 }, secret, NOW_MS)).toEqual({ outcome: "used up" });
});

test("a record is found by its secret, and does not tell it", () => {
  const { text, record } = createToken(options, NOW_MS);
  const { secret } = parseToken(text);
  expect(tokenIdOf(secret)).toBe(record.id);
  expect(record.id).toMatch(/^[0-9a-f]{12}$/);
  expect(Buffer.from(record.secretHash).toString("hex")).not.toStartWith(record.id);
  expect(JSON.stringify(record)).not.toContain(Buffer.from(secret).toString("hex"));
  expect(createToken(options, NOW_MS).record.id).not.toBe(record.id);
});

test("a token without bounds is refused", () => {
  for (const lifetimeMs of [0, 999, TOKEN_LIFETIME_MS_MAX + 1, NaN, Infinity]) {
    expect(() => createToken({ ...options, lifetimeMs }, NOW_MS)).toThrow("expected it to last from 1 s to 30 days");
  }
  for (const uses of [0, -1, 1.5, TOKEN_USES_MAX + 1, NaN]) {
    expect(() => createToken({ ...options, uses }, NOW_MS)).toThrow("expected 1 to 10000 uses");
  }
});

test("every refusal of a token says what to do", () => {
  for (const outcome of ["expired", "used up", "wrong"] as const) {
    expect(redemptionError(outcome).message).toContain("cell token create");
    expect(redemptionError(outcome).code).toBe("PERMISSION_DENIED");
  }
});
