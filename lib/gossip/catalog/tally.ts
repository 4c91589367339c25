import { assert } from "../../base/mod.ts";
import type { NodeId } from "./entry.ts";

/** Why something from outside was not taken. */
export const REFUSALS = [
  /** No record or message of ours: wrong bytes, lengths or names. */
  "malformed",
  /** Not signed by the owner that it names, or that owner is not known. */
  "forged",
  /** Its version is further ahead of the clock than clocks differ. */
  "future",
  /** Its owner has too many, and this is its lowest. */
  "owner_full",
  /** There are too many altogether, and its owner has most. */
  "full",
  /** There are too many owners. */
  "owners_full",
  /** Of this node itself, and to be corrected when fewer have been. */
  "corrected_enough",
] as const;
/** One of the reasons. */
export type Refusal = (typeof REFUSALS)[number];

/** What an operator should read once: which owner does it, and what it means. */
export interface CatalogReport {
  readonly node: NodeId;
  readonly reason: "owner_full" | "equivocation" | "full" | "owners_full";
  /** A sentence for the log. */
  readonly message: string;
}

/** What a catalogue holds and has seen since it began. */
export interface CatalogStats {
  readonly owners: number;
  /** Entries of this node. */
  readonly own: number;
  /** Of all owners, hidden ones included. */
  readonly entries: number;
  readonly tombstones: number;
  /** Entries of nodes that are alive. */
  readonly visible: number;
  /** An estimate of the memory that all this takes, from above. */
  readonly bytes: number;
  /** Records that were newer than what was held. */
  readonly news: number;
  /** Records that were not. */
  readonly stale: number;
  /** Own records that had to be made again because others held something else. */
  readonly corrections: number;
  /** Records that had another one's version and other bytes: their owner signed both. */
  readonly equivocations: number;
  /** Tombstones that had to make way before they were old enough. */
  readonly tombstonesForgotten: number;
  readonly refused: Readonly<Record<Refusal, number>>;
}

type Counts = Pick<
  CatalogStats,
  "news" | "stale" | "corrections" | "equivocations" | "tombstonesForgotten" | "refused"
>;

/** Reports that nobody has taken; more are dropped. */
export const REPORTS_MAX = 64;
/** Owners that were reported and are not again; beyond these the memory begins anew. */
export const REPORTED_MAX = 1_024;
assert(REPORTED_MAX > REPORTS_MAX, "what was reported is known longer than until it is read");

/** Counts what comes, and says once of each owner what somebody should know. */
export class Tally {
  news = 0;
  stale = 0;
  corrections = 0;
  equivocations = 0;
  tombstonesForgotten = 0;
  readonly refused = Object.fromEntries(REFUSALS.map((reason) => [reason, 0])) as Record<Refusal, number>;
  readonly #reported = new Set<string>();
  #reports: CatalogReport[] = [];

  /** Says something of an owner unless that was said; of the whole catalogue it is said once, whoever was the cause. */
  report(node: NodeId, reason: CatalogReport["reason"], message: string): void {
    const isOfAll = reason === "full" || reason === "owners_full";
    const subject = isOfAll ? reason : `${reason} ${node}`;
    if (this.#reported.has(subject) || this.#reports.length >= REPORTS_MAX) return;
    if (this.#reported.size >= REPORTED_MAX) this.#reported.clear();
    this.#reported.add(subject);
    this.#reports.push({ node, reason, message });
  }

  get counts(): Counts {
    const { news, stale, corrections, equivocations, tombstonesForgotten, refused } = this;
    return { news, stale, corrections, equivocations, tombstonesForgotten, refused: { ...refused } };
  }

  takeReports(): CatalogReport[] {
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }
}
