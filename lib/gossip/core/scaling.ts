import type { MembershipOptions } from "./options.ts";

/** From here on, push/pulls become rarer with every doubling. */
const PUSH_PULL_MEMBERS = 32;
/** Of the time that is left for an indirect probe, the part after which its maker says that it had no answer. */
const NACK_SHARE = 0.8;

/** How often each node tells a rumour among `live` members. */
export function retransmissions(multiplier: number, live: number): number {
  return multiplier * Math.ceil(Math.log10(live + 1));
}

/** The shortest time that a suspect has among `live` members. */
export function suspicionMsMin(options: MembershipOptions, live: number): number {
  return options.suspicionMultiplier * Math.max(1, Math.log10(live)) * options.probeIntervalMs;
}

/**
 * How many confirmations bring a suspicion to its shortest time: two less than the multiplier, because that many probe
 * intervals pass before others can have found the same; none where there are not as many others.
 */
export function confirmationsExpected(options: MembershipOptions, live: number): number {
  const expected = options.suspicionMultiplier - 2;
  return !options.confirmedSuspicion || live - 2 < expected ? 0 : Math.max(0, expected);
}

/** How long from one push/pull to the next. */
export function pushPullMs(intervalMs: number, live: number): number {
  if (live <= PUSH_PULL_MEMBERS) return intervalMs;
  return intervalMs * (Math.ceil(Math.log2(live / PUSH_PULL_MEMBERS)) + 1);
}

/** How long a node that probes for another waits before it says that there was no answer; the asker still has to hear it. */
export function nackMs({ probeIntervalMs, probeTimeoutMs }: MembershipOptions): number {
  return NACK_SHARE * Math.min(probeTimeoutMs, probeIntervalMs - probeTimeoutMs);
}
