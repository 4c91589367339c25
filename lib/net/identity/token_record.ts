import { createHash, timingSafeEqual } from "node:crypto";
import { CellError, MINUTE } from "../../base/mod.ts";
import { formatToken, SECRET_BYTES } from "./join_token.ts";

const ID_LABEL = "cell token id\0";
const HASH_LABEL = "cell token secret\0";
const ID_BYTES = 6;

/** A token lasts this long at most. */
export const TOKEN_LIFETIME_MS_MAX = 30 * 24 * 60 * MINUTE;
/** A token admits no more machines. */
export const TOKEN_USES_MAX = 10_000;

/** What the cluster keeps of a token: enough to know it again, too little to make it. */
export interface TokenRecord {
  /** Computed from the secret: finds the record, is shown to people, admits nobody. */
  readonly id: string;
  /** SHA-256, 32 bytes. */
  readonly secretHash: Uint8Array;
  readonly expiresAtMs: number;
  readonly usesLeft: number;
}

/** What a new token is to be. */
export interface TokenOptions {
  readonly fingerprint: Uint8Array;
  readonly addresses: readonly string[];
  /** 1 second to TOKEN_LIFETIME_MS_MAX. */
  readonly lifetimeMs: number;
  /** How many machines it admits: 1 to TOKEN_USES_MAX. */
  readonly uses: number;
}

/** Makes a token: its text for the person who asked, its record for the cluster. Throws INVALID_ARGUMENT beyond the bounds. */
export function createToken(
  options: TokenOptions,
  nowMs: number,
): { readonly text: string; readonly record: TokenRecord } {
  const { fingerprint, addresses, lifetimeMs, uses } = options;
  if (!(lifetimeMs >= 1000 && lifetimeMs <= TOKEN_LIFETIME_MS_MAX)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `making a token: expected it to last from 1 s to 30 days, found ${lifetimeMs} ms`,
    );
  }
  if (!(Number.isInteger(uses) && uses >= 1 && uses <= TOKEN_USES_MAX)) {
    throw new CellError("INVALID_ARGUMENT", `making a token: expected 1 to ${TOKEN_USES_MAX} uses, found ${uses}`);
  }
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const text = formatToken({ fingerprint, secret, addresses });
  return {
    text,
    record: {
      id: tokenIdOf(secret),
      secretHash: hashOf(HASH_LABEL, secret),
      expiresAtMs: nowMs + lifetimeMs,
      usesLeft: uses,
    },
  };
}

/** The id of the record that a secret belongs to. */
export function tokenIdOf(secret: Uint8Array): string {
  return hashOf(ID_LABEL, secret).toString("hex", 0, ID_BYTES);
}

/** What became of a token that somebody showed. */
export type Redemption =
  | { readonly outcome: "ok"; /** What to keep instead: one use less. */ readonly record: TokenRecord }
  | { readonly outcome: "expired" | "used up" | "wrong" };

/**
 * Takes one use of a token. The secret is compared in constant time and first: who does not have it learns nothing about the
 * token. The new record has to be kept durably before the machine is admitted.
 */
export function redeem(record: TokenRecord, secret: Uint8Array, nowMs: number): Redemption {
  const found = hashOf(HASH_LABEL, secret);
  if (found.length !== record.secretHash.length || !timingSafeEqual(found, record.secretHash)) {
    return { outcome: "wrong" };
  }
  if (nowMs >= record.expiresAtMs) return { outcome: "expired" };
  if (record.usesLeft <= 0) return { outcome: "used up" };
  return { outcome: "ok", record: { ...record, usesLeft: record.usesLeft - 1 } };
}

/** The error for a machine whose token admits nobody. */
export function redemptionError(outcome: "expired" | "used up" | "wrong"): CellError {
  const why = {
    expired: "it has expired",
    "used up": "it has admitted as many machines as it was made for",
    wrong: "the cluster does not know it",
  }[outcome];
  return new CellError("PERMISSION_DENIED", `joining with this token: ${why}. Make a new one with cell token create.`);
}

function hashOf(label: string, secret: Uint8Array): Buffer {
  return createHash("sha256").update(label).update(secret).digest();
}
