import { SECOND } from "../../base/mod.ts";
import { keyIdOf, RateBucket, SEAL_OVERHEAD_BYTES, type SealingKey } from "../seal/mod.ts";
import { sealingKeyOf } from "./seek_key.ts";
import { encodeAnswer, QUESTION_BYTES, readQuestion } from "./seek_message.ts";

/** Tokens that are tried; of more, the ones given first. */
export const SEEK_TOKENS_MAX = 64;
/** Answers per second, and at once. */
export const ANSWERS_PER_SECOND_MAX = 10;
export const ANSWERS_BURST_MAX = 20;
/** How often one question is answered: it comes once over each interface, and whoever recorded it may repeat it. */
export const ANSWERS_PER_QUESTION_MAX = 3;
/** How often tokens are asked for: garbage must not cost more than a look at what is known. */
export const KEYS_REFRESH_MS = 1 * SECOND;
/** Questions whose number of answers is remembered. */
export const QUESTIONS_KEPT_MAX = 256;

/** What an answering node knows, as it is at the moment. */
export interface SeekKnowledge {
  /** `seekKeyOf` of each token that may still be used. */
  seekKeys(): readonly Uint8Array[];
  /** Where nodes join: HOST:PORT. */
  addresses(): readonly string[];
}

/** Answers nodes that look for the cluster with a token of this node, and nobody else. */
export class SeekAnswerer {
  /** By the seek key in hexadecimal: deriving a sealing key takes longer than opening a datagram. */
  #keys = new Map<string, SealingKey>();
  #refreshedAtMs = -Infinity;
  /** By the challenge in hexadecimal; the oldest comes first. */
  readonly #answered = new Map<string, number>();
  readonly #rate: RateBucket;

  constructor(private readonly knowledge: SeekKnowledge, nowMs: number) {
    this.#rate = new RateBucket(ANSWERS_PER_SECOND_MAX, ANSWERS_BURST_MAX, nowMs);
  }

  /** The datagram to send back, if this one asks with a token that is known here. */
  answer(datagram: Uint8Array, nowMs: number): Uint8Array | undefined {
    if (datagram.length !== QUESTION_BYTES + SEAL_OVERHEAD_BYTES) return undefined;
    this.#refreshKeys(nowMs);
    for (const key of this.#keys.values()) {
      if (key.id !== keyIdOf(datagram)) continue;
      const text = key.open(datagram);
      const challenge = text === undefined ? undefined : readQuestion(text);
      if (challenge === undefined || !this.#rate.take(nowMs) || !this.#countAnswer(challenge)) continue;
      return key.seal(encodeAnswer(challenge, this.knowledge.addresses()));
    }
    return undefined;
  }

  #refreshKeys(nowMs: number): void {
    if (nowMs - this.#refreshedAtMs < KEYS_REFRESH_MS) return;
    this.#refreshedAtMs = nowMs;
    const seekKeys = this.knowledge.seekKeys().slice(0, SEEK_TOKENS_MAX);
    this.#keys = new Map(seekKeys.map((seekKey) => {
      const name = Buffer.from(seekKey).toString("hex");
      return [name, this.#keys.get(name) ?? sealingKeyOf(seekKey)];
    }));
  }

  #countAnswer(challenge: Uint8Array): boolean {
    const name = Buffer.from(challenge).toString("hex");
    const count = (this.#answered.get(name) ?? 0) + 1;
    if (count > ANSWERS_PER_QUESTION_MAX) return false;
    const [oldest] = this.#answered.keys();
    if (this.#answered.size >= QUESTIONS_KEPT_MAX && oldest !== undefined) this.#answered.delete(oldest);
    this.#answered.set(name, count);
    return true;
  }
}
