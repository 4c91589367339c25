import { CellError, MINUTE, MS, SECOND } from "../../base/mod.ts";
import { MEMBERS_MAX } from "./limits.ts";

/**
 * What membership can be told about its pace. `n` is the number of live members. The presets stand below; their values
 * start from those of memberlist, which many clusters have tried.
 */
export interface MembershipOptions {
  /**
   * One member is probed in this time, so each is probed by somebody about once in it, whatever n is. Smaller finds a
   * crash sooner and costs every node a packet each way more per second; larger is quieter.
   * @default 1000
   */
  readonly probeIntervalMs: number;
  /**
   * How long a direct answer may take before others are asked to probe too. It should be the 99th percentile of the
   * round trip: smaller asks others for nothing, larger leaves them less of the interval.
   * @default 500
   */
  readonly probeTimeoutMs: number;
  /**
   * How many others are asked to probe a member that does not answer. More make a wrong accusation by lost packets less
   * likely (with loss p of each packet, all of k fail with (1-(1-p)^4)^k) and cost 2 to 4 packets each.
   * @default 3
   */
  readonly indirectProbes: number;
  /**
   * Whether a member that does not answer is also tried over a stream (effect `probe_stream`): where only datagrams are
   * lost or blocked, nobody is accused. Costs a connection per unanswered probe.
   * @default true
   */
  readonly probeStreams: boolean;
  /**
   * How often rumours are told, while there are any. Smaller spreads news faster (all know after about
   * log(n) / log(1 + gossipNodes) intervals) and bursts more.
   * @default 200
   */
  readonly gossipIntervalMs: number;
  /**
   * To how many members they are told each time. Bandwidth and reach both grow with it.
   * @default 3
   */
  readonly gossipNodes: number;
  /**
   * How long rumours are told to failed members too, so that one that lives after all hears of it and refutes.
   * @default 30000
   */
  readonly gossipToTheDeadMs: number;
  /**
   * Each rumour is told by each node retransmitMultiplier * ceil(log10(n + 1)) times. Larger reaches everybody even with
   * loss, smaller costs less; what is missed is made up for by the next push/pull.
   * @default 4
   */
  readonly retransmitMultiplier: number;
  /**
   * A suspect has min = suspicionMultiplier * max(1, log10(n)) * probeIntervalMs to refute. Larger accuses the slow less
   * often, smaller finds a crash sooner.
   * @default 4
   */
  readonly suspicionMultiplier: number;
  /**
   * With `confirmedSuspicion`, a suspicion that nobody confirms lasts suspicionMaxMultiplier * min. Larger protects the
   * healthy from a node that is itself slow; smaller bounds how long a crash that only one node sees stays unknown.
   * @default 6
   */
  readonly suspicionMaxMultiplier: number;
  /**
   * With `localHealth`, a node that finds itself slow takes up to this many times as long for its probes. Larger forgives
   * more, and a node that really is slow finds crashes that much later (others find them in time).
   * @default 8
   */
  readonly awarenessMax: number;
  /**
   * Lifeguard's LHA-Probe: who gets no answers, or is accused itself, first doubts itself, and probes more slowly.
   * @default true
   */
  readonly localHealth: boolean;
  /**
   * Lifeguard's LHA-Suspicion: a suspicion starts with its longest time, and others that suspect the same shorten it, by
   * the logarithm of their number.
   * @default true
   */
  readonly confirmedSuspicion: boolean;
  /**
   * Lifeguard's buddy system: a ping to a suspect tells it so, and its answer carries the refutation.
   * @default true
   */
  readonly buddySystem: boolean;
  /**
   * Time in which this process did not run counts against nobody: deadlines of others move by it. Without it, a process
   * that was stopped accuses all whose answers it could not read.
   * @default true
   */
  readonly forgivesLostTime: boolean;
  /**
   * How often everything is compared with one other member, up to 32 of them; with more it is this times
   * ceil(log2(n / 32)) + 1. Smaller repairs missed rumours sooner; each costs 8 bytes when all is equal and the whole
   * state when it is not.
   * @default 30000
   */
  readonly pushPullIntervalMs: number;
  /**
   * How often a failed member is tried again, with a chance of failed / live: so the whole cluster makes one attempt for
   * each in this time. Smaller heals a partition sooner.
   * @default 30000
   */
  readonly reconnectIntervalMs: number;
  /**
   * How long a failed or left member is remembered and old news of its life are not believed. Larger heals longer partitions,
   * smaller frees memory sooner.
   * @default 86400000
   */
  readonly goneKeptMs: number;
  /**
   * The largest packet, in bytes. Larger carries more rumours; above what the path takes it is cut in pieces or dropped.
   * @default 1300
   */
  readonly packetBytesMax: number;
  /**
   * How many other members are known at most; more are refused, unless a failed or left one can be forgotten.
   * @default 10000
   */
  readonly membersMax: number;
}

/** A local network: round trips below some milliseconds. */
export const LAN: MembershipOptions = {
  probeIntervalMs: 1 * SECOND,
  probeTimeoutMs: 500 * MS,
  indirectProbes: 3,
  probeStreams: true,
  gossipIntervalMs: 200 * MS,
  gossipNodes: 3,
  gossipToTheDeadMs: 30 * SECOND,
  retransmitMultiplier: 4,
  suspicionMultiplier: 4,
  suspicionMaxMultiplier: 6,
  awarenessMax: 8,
  localHealth: true,
  confirmedSuspicion: true,
  buddySystem: true,
  forgivesLostTime: true,
  pushPullIntervalMs: 30 * SECOND,
  reconnectIntervalMs: 30 * SECOND,
  goneKeptMs: 24 * 60 * MINUTE,
  packetBytesMax: 1_300,
  membersMax: MEMBERS_MAX,
};

/** Machines far apart: round trips of hundreds of milliseconds, and loss. */
export const WAN: MembershipOptions = {
  ...LAN,
  probeIntervalMs: 5 * SECOND,
  probeTimeoutMs: 3 * SECOND,
  gossipIntervalMs: 500 * MS,
  gossipNodes: 4,
  gossipToTheDeadMs: 60 * SECOND,
  suspicionMultiplier: 6,
  pushPullIntervalMs: 60 * SECOND,
  reconnectIntervalMs: 60 * SECOND,
};

/** Several nodes on one machine: nothing is lost, and everything is near. */
export const LOCAL: MembershipOptions = {
  ...LAN,
  probeTimeoutMs: 200 * MS,
  gossipIntervalMs: 100 * MS,
  gossipToTheDeadMs: 15 * SECOND,
  retransmitMultiplier: 2,
  suspicionMultiplier: 3,
  pushPullIntervalMs: 15 * SECOND,
  reconnectIntervalMs: 15 * SECOND,
  indirectProbes: 1,
};

/** What holds unless told otherwise. */
export const DEFAULTS = LAN;

/** SWIM as it was published: none of what came after. For comparisons. */
export const PLAIN_SWIM = {
  localHealth: false,
  confirmedSuspicion: false,
  buddySystem: false,
  forgivesLostTime: false,
} as const satisfies Partial<MembershipOptions>;

type NumberName = { [Name in keyof MembershipOptions]: MembershipOptions[Name] extends number ? Name : never }[
  keyof MembershipOptions
];

const DAY_MS = 24 * 60 * MINUTE;
/** By name, from and to; durations are milliseconds, all others whole numbers. */
const BOUNDS: Readonly<Record<NumberName, readonly [number, number]>> = {
  probeIntervalMs: [10, DAY_MS],
  probeTimeoutMs: [1, DAY_MS],
  indirectProbes: [0, 16],
  gossipIntervalMs: [1, DAY_MS],
  gossipNodes: [1, 32],
  gossipToTheDeadMs: [0, DAY_MS],
  retransmitMultiplier: [1, 32],
  suspicionMultiplier: [1, 100],
  suspicionMaxMultiplier: [1, 100],
  awarenessMax: [1, 64],
  pushPullIntervalMs: [100, DAY_MS],
  reconnectIntervalMs: [100, DAY_MS],
  goneKeptMs: [1 * SECOND, 30 * DAY_MS],
  packetBytesMax: [1_150, 8_900],
  membersMax: [1, MEMBERS_MAX],
};

/** The options with the defaults of a local network. Throws INVALID_ARGUMENT with the bound that was broken. */
export function validateOptions(options: Partial<MembershipOptions>): MembershipOptions {
  const merged = { ...DEFAULTS, ...options };
  for (const [name, [min, max]] of Object.entries(BOUNDS) as [NumberName, readonly [number, number]][]) {
    const value = merged[name];
    const isWhole = name.endsWith("Ms") || Number.isInteger(value);
    if (isWhole && value >= min && value <= max) continue;
    throw refused(
      `${name} is ${value}; expected ${name.endsWith("Ms") ? "milliseconds" : "a whole number"} ` +
        `from ${min} to ${max}`,
    );
  }
  if (merged.probeTimeoutMs >= merged.probeIntervalMs) {
    throw refused(
      `probeTimeoutMs is ${merged.probeTimeoutMs}; expected less than probeIntervalMs, which is ` +
        `${merged.probeIntervalMs}: what is left of the interval is for the probes of others`,
    );
  }
  return merged;
}

function refused(problem: string): CellError {
  return new CellError("INVALID_ARGUMENT", `setting up membership: ${problem}`);
}
