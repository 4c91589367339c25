import { assert } from "../../base/mod.ts";
import {
  FOREIGN_RECORDS_MAX,
  FOREIGN_WINDOW_MS,
  INCARNATION_JUMP_MAX,
  INCARNATION_MAX,
  RECORD_BYTES_MAX,
} from "./limits.ts";
import type { RecordReader, Self } from "./member.ts";

/** How an accusation of this node is taken. */
export type Verdict = "stale" | "jump" | "later" | "refuted";

/**
 * This node's own incarnation and record. Only this class raises it: above an accusation, above a record that a former life
 * (or another process with the same key) signed, or because the node has something new to say.
 *
 * An accusation carries no signature, so its incarnation is believed up to INCARNATION_JUMP_MAX above the own one: whoever
 * claims 2^53 - 1 is ignored instead of leaving this node no number to refute with. A record with this node's signature is
 * believed whatever its incarnation is.
 */
export class OwnRecord {
  incarnation: number;
  record: Uint8Array;
  address: string;
  /** When `settle` wants to be called: a refutation of a foreign record that was put off. */
  settleAtMs = Infinity;
  #owedAbove = -1;
  #foreignRefutedAtMs = -Infinity;
  #foreignRecords = 0;
  #firstForeignAtMs = 0;

  constructor(
    private readonly self: Self,
    private readonly readRecord: RecordReader,
    incarnation: number,
    /** Between two refutations of foreign records: two processes with one key would outbid each other as fast as they can. */
    private readonly foreignMsMin: number,
  ) {
    this.incarnation = incarnation;
    this.record = new Uint8Array();
    this.address = "";
    this.raise(incarnation);
  }

  /** Signs a record at an incarnation. Throws INTERNAL when it is not one that others will read. */
  raise(incarnation: number): void {
    assert(incarnation >= 0 && incarnation <= INCARNATION_MAX, `no incarnation: ${incarnation}`);
    const record = this.self.record(incarnation);
    assert(
      record.length >= 1 && record.length <= RECORD_BYTES_MAX,
      `this node's record has ${record.length} bytes; expected 1 to ${RECORD_BYTES_MAX}`,
    );
    const facts = this.readRecord(this.self.id, incarnation, record);
    assert(facts !== undefined, `this node's record at incarnation ${incarnation} is refused by its own reader`);
    this.incarnation = incarnation;
    this.record = record;
    this.address = facts.address;
  }

  /** Somebody says that this node failed, left or is suspect. */
  accused(incarnation: number): Verdict {
    if (incarnation < this.incarnation) return "stale";
    if (incarnation > this.incarnation + INCARNATION_JUMP_MAX || incarnation >= INCARNATION_MAX) return "jump";
    this.raise(incarnation + 1);
    return "refuted";
  }

  /** Somebody shows a record that this node has signed, though not in this life. */
  foreign(incarnation: number, nowMs: number): Verdict {
    if (incarnation >= INCARNATION_MAX) return "jump";
    if (nowMs - this.#firstForeignAtMs > FOREIGN_WINDOW_MS) {
      this.#firstForeignAtMs = nowMs;
      this.#foreignRecords = 0;
    }
    if (incarnation > this.#owedAbove) this.#foreignRecords++;
    this.#owedAbove = Math.max(this.#owedAbove, incarnation);
    const dueMs = this.#foreignRefutedAtMs + this.foreignMsMin;
    if (nowMs >= dueMs) return this.settle(nowMs);
    this.settleAtMs = dueMs;
    return "later";
  }

  /** Whether more foreign records came than a former life can have left behind. */
  get hasDouble(): boolean {
    return this.#foreignRecords >= FOREIGN_RECORDS_MAX;
  }

  /** Goes above the foreign records that were seen. */
  settle(nowMs: number): Verdict {
    this.settleAtMs = Infinity;
    this.#foreignRefutedAtMs = nowMs;
    if (this.#owedAbove < this.incarnation) return "stale";
    this.raise(this.#owedAbove + 1);
    return "refuted";
  }
}
