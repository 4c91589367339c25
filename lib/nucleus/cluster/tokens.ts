import { CellError, MINUTE } from "../../base/mod.ts";
import {
  createToken,
  GuessLimiter,
  parseToken,
  redeem,
  redemptionError,
  tokenIdOf,
  type TokenRecord,
} from "../../net/identity/mod.ts";
import type { IssuedToken, OpenToken, TokenRequest } from "../client/mod.ts";
import type { ClusterFile, StoredToken } from "./cluster_file.ts";

/** Tokens that can be used at the same time. */
export const TOKENS_MAX = 64;
/** Used-up and expired tokens that are remembered, the newest: who shows one is told what it is. */
export const SPENT_MAX = 64;

const TTL_MS_DEFAULT = 60 * MINUTE;
const USES_DEFAULT = 1;
/** SHA-256. */
const FINGERPRINT_BYTES = 32;

/** What a new token leads to. */
export interface TokenTarget {
  /** Of the cluster's authority. */
  readonly fingerprint: Uint8Array;
  /** HOST:PORT where joining nodes are answered. */
  readonly addresses: readonly string[];
}

/** The join tokens of this node: whoever shows one becomes a member. */
export class Tokens {
  readonly #limiter = new GuessLimiter();

  /** `seekKeyOf` makes from a secret what a joining node seals its questions on the LAN with. */
  constructor(
    private readonly file: ClusterFile,
    private readonly seekKeyOf: (secret: Uint8Array) => Uint8Array,
    private readonly nowMs: () => number = Date.now,
    private readonly steadyMs: () => number = () => performance.now(),
  ) {}

  /** Those that can be used now. */
  open(): OpenToken[] {
    return this.#usable().map(({ id, expiresAtMs, usesLeft }) => ({ id, expiresAt: new Date(expiresAtMs), usesLeft }));
  }

  /** What machines that look for this cluster seal their questions with. */
  seekKeys(): { readonly id: string; readonly key: Uint8Array }[] {
    return this.#usable().map(({ id, seekKey }) => ({ id, key: Buffer.from(seekKey, "base64") }));
  }

  /** Throws what `create` would. */
  assertRoom(request: TokenRequest): void {
    this.#assertRoom();
    // One that nobody gets: whether it can be made is known by making it.
    this.#make(request, { fingerprint: new Uint8Array(FINGERPRINT_BYTES), addresses: [] });
  }

  /** Makes a token. Throws INVALID_ARGUMENT beyond its bounds, RESOURCE_EXHAUSTED when there are too many. */
  create(request: TokenRequest, target: TokenTarget): IssuedToken {
    this.#assertRoom();
    const { text, record } = this.#make(request, target);
    const seekKey = base64(this.seekKeyOf(parseToken(text).secret));
    this.file.update({
      tokens: [...this.#spent().slice(-SPENT_MAX), ...this.#usable(), { ...storedOf(record), seekKey }],
    });
    const { id, expiresAtMs, usesLeft: uses } = record;
    return { token: text, id, expiresAt: new Date(expiresAtMs), uses, addresses: [...target.addresses] };
  }

  #make({ ttlMs = TTL_MS_DEFAULT, uses = USES_DEFAULT }: TokenRequest, target: TokenTarget) {
    return createToken({ ...target, lifetimeMs: ttlMs, uses }, this.nowMs());
  }

  #assertRoom(): void {
    if (this.#usable().length >= TOKENS_MAX) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `making a token: ${TOKENS_MAX} can be used already. Revoke some (cell token ls, cell token revoke ID).`,
      );
    }
  }

  /** Makes a token worthless. Throws NOT_FOUND. */
  revoke(id: string): void {
    if (!this.#usable().some((token) => token.id === id)) {
      throw new CellError(
        "NOT_FOUND",
        `revoking token ${id.slice(0, 64)}: there is none that can be used. See cell token ls.`,
      );
    }
    this.file.update({ tokens: this.file.memory.tokens.filter((token) => token.id !== id) });
  }

  /**
   * Takes one use of the token that `secret` is of; durably, before the machine is let in. `address` is whoever shows it.
   * What `assertAdmissible` throws leaves the token as it is. Throws PERMISSION_DENIED for a token that admits nobody,
   * RESOURCE_EXHAUSTED for who has shown too many wrong ones.
   */
  redeem(secret: Uint8Array, address: string, assertAdmissible: () => void = () => {}): void {
    const waitMs = this.#limiter.begin(address, this.steadyMs());
    if (waitMs > 0) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `joining: too many wrong tokens were shown; try again in ${Math.ceil(waitMs / 1000)} s`,
      );
    }
    const id = tokenIdOf(secret);
    const stored = this.file.memory.tokens.find((token) => token.id === id);
    if (stored === undefined) throw redemptionError("wrong");
    const redeemed = redeem(recordOf(stored), secret, this.nowMs());
    if (redeemed.outcome !== "ok") throw redemptionError(redeemed.outcome);
    this.#limiter.succeed(address);
    assertAdmissible();
    const { usesLeft } = redeemed.record;
    this.file.update({
      tokens: this.file.memory.tokens.map((token) => token === stored ? { ...token, usesLeft } : token),
    });
  }

  #usable(): StoredToken[] {
    return this.file.memory.tokens.filter((token) => this.#isUsable(token));
  }

  #spent(): StoredToken[] {
    return this.file.memory.tokens.filter((token) => !this.#isUsable(token));
  }

  #isUsable({ expiresAtMs, usesLeft }: StoredToken): boolean {
    return expiresAtMs > this.nowMs() && usesLeft > 0;
  }
}

function storedOf({ id, secretHash, expiresAtMs, usesLeft }: TokenRecord): Omit<StoredToken, "seekKey"> {
  return { id, secretHash: base64(secretHash), expiresAtMs, usesLeft };
}

function recordOf({ id, secretHash, expiresAtMs, usesLeft }: StoredToken): TokenRecord {
  return { id, secretHash: Buffer.from(secretHash, "base64"), expiresAtMs, usesLeft };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
