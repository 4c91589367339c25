import { CellError, MINUTE, SECOND } from "../../base/mod.ts";
import { LOAD_MAX } from "./entry.ts";

const HOUR = 60 * MINUTE;

/** What a catalogue can be told. All nodes of a cluster should agree on the numbers of entries and tombstones per owner. */
export interface CatalogOptions {
  /**
   * How far, from 1 to 255, an instance's load has to be from what was published of it before that is worth a
   * broadcast. Smaller tells callers more and costs every node a message for every wave in a service's load; larger
   * leaves them with old figures. An eighth of the scale: what balances by it has fresher figures in every answer.
   * @default 32
   */
  readonly loadStep: number;
  /**
   * How long after an instance was published its load alone may be again. 10,000 instances that change all the time cause
   * at most 10,000 / 10 s = 1,000 broadcasts per second in the whole cluster.
   * @default 10000
   */
  readonly loadIntervalMs: number;
  /**
   * How old a tombstone becomes, from the time in its version. Longer finds more of those who slept through the end of
   * an instance; what they bring back after that costs one correction by its owner. Not below `ownerGoneMs`: who could
   * not hear of a tombstone then has dropped what it buries before everybody else forgets it.
   * @default 7200000
   */
  readonly tombstoneMs: number;
  /**
   * How long the hidden entries of a node that failed or left are kept, for the case that it comes back as it was.
   * Longer saves sending them again after a long partition, and costs the memory.
   * @default 3600000
   */
  readonly ownerGoneMs: number;
  /**
   * How far a version may be ahead of this node's clock. It has to exceed what clocks differ by; it bounds how long
   * versions that a wrong clock or a stolen key made can stand above those of a right one.
   * @default 86400000
   */
  readonly versionAheadMsMax: number;
  /** Entries of one owner; what it has beyond pushes out its own oldest. @default 1024 */
  readonly entriesPerOwnerMax: number;
  /** Tombstones of one owner; as many as entries, so that all can go at once. @default 1024 */
  readonly tombstonesPerOwnerMax: number;
  /** Nodes with entries, this one included. @default 10000 */
  readonly ownersMax: number;
  /** Entries of all owners; the owner with the most makes way. @default 100000 */
  readonly entriesMax: number;
  /** Tombstones of all owners; the owner with the most makes way. @default 50000 */
  readonly tombstonesMax: number;
}

/** What holds unless told otherwise. */
export const DEFAULTS: CatalogOptions = {
  loadStep: 32,
  loadIntervalMs: 10 * SECOND,
  tombstoneMs: 2 * HOUR,
  ownerGoneMs: 1 * HOUR,
  versionAheadMsMax: 24 * HOUR,
  entriesPerOwnerMax: 1024,
  tombstonesPerOwnerMax: 1024,
  ownersMax: 10_000,
  entriesMax: 100_000,
  tombstonesMax: 50_000,
};

/** Beyond these somebody has mistaken a unit; the counts per owner keep its outline within one message. */
const MAXIMA: CatalogOptions = {
  loadStep: LOAD_MAX,
  loadIntervalMs: 24 * HOUR,
  tombstoneMs: 30 * 24 * HOUR,
  ownerGoneMs: 30 * 24 * HOUR,
  versionAheadMsMax: 30 * 24 * HOUR,
  entriesPerOwnerMax: 2_048,
  tombstonesPerOwnerMax: 2_048,
  ownersMax: 100_000,
  entriesMax: 1_000_000,
  tombstonesMax: 1_000_000,
};

/** The options with their defaults. Throws INVALID_ARGUMENT with the bound that was broken. */
export function validateOptions(options: Partial<CatalogOptions>): CatalogOptions {
  const merged = { ...DEFAULTS, ...options };
  for (const name of Object.keys(DEFAULTS) as (keyof CatalogOptions)[]) {
    const value = merged[name];
    if (Number.isInteger(value) && value >= 1 && value <= MAXIMA[name]) continue;
    throw broken(`${name} is ${value}; expected a whole number from 1 to ${MAXIMA[name]}`);
  }
  for (const [larger, smaller] of RELATIONS) {
    if (merged[larger] >= merged[smaller]) continue;
    throw broken(`${larger} is ${merged[larger]}; expected at least ${smaller}, which is ${merged[smaller]}`);
  }
  return merged;
}

/** The first is never below the second. */
const RELATIONS: readonly (readonly [keyof CatalogOptions, keyof CatalogOptions])[] = [
  ["tombstoneMs", "ownerGoneMs"],
  ["entriesMax", "entriesPerOwnerMax"],
  ["tombstonesMax", "tombstonesPerOwnerMax"],
];

function broken(bound: string): CellError {
  return new CellError("INVALID_ARGUMENT", `setting up the catalogue: ${bound}`);
}
