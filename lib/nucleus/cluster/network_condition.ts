import { MINUTE } from "../../base/mod.ts";
import { CLOCK_TOLERANCE_MS } from "../../net/identity/mod.ts";
import type { NetworkCondition, NetworkState } from "../client/mod.ts";
import type { Departure } from "./cluster_file.ts";

/** A node that does not hear this one, and is not heard, for their clocks. */
export interface SkewFacts {
  /** As the others know it, or its short id. */
  readonly name: string;
  /** HOST:PORT where its datagrams come from. */
  readonly from: string;
  /** By how much its clock is ahead of this one's, in milliseconds; negative where it is behind. */
  readonly aheadMs: number;
}

/** What the condition of a node's network follows from. */
export interface NetworkFacts {
  /** While it is on: the name that the others know this node by. */
  readonly knownAs: string | undefined;
  /** The name in node.toml. */
  readonly name: string;
  readonly skew: SkewFacts | undefined;
  /** What kept it from being turned on when that was tried last. */
  readonly failure: string | undefined;
  /** What is remembered of it; undefined before that was looked at. */
  readonly memory: { readonly network: boolean; readonly departure: Departure } | undefined;
}

/** Whether this node is among others; where it is not although somebody may think so, with the reason and what to do. */
export function networkCondition({ knownAs, name, skew, failure, memory }: NetworkFacts): NetworkCondition {
  if (knownAs !== undefined) {
    return { state: "on", problem: null, warning: skew === undefined ? renamed(knownAs, name) : skewed(skew) };
  }
  if (failure !== undefined) return withProblem("failed", `the network is off and should be on: ${failed(failure)}`);
  if (memory === undefined || memory.network) return { state: "starting", problem: null, warning: null };
  switch (memory.departure) {
    case "left":
      return withProblem("left", "this node has left its cluster, and its network is off. To come back: cell join");
    case "removed":
      return withProblem(
        "removed",
        "this node was removed from its cluster, and its network is off. To join again: cell join TOKEN, with a new token",
      );
    case "":
      return { state: "off", problem: null, warning: null };
  }
}

function withProblem(state: NetworkState, problem: string): NetworkCondition {
  return { state, problem, warning: null };
}

function failed(failure: string): string {
  return `${failure.replace(/\.$/, "")}. To try again when that is put right: cell restart nucleus`;
}

function skewed({ name, from, aheadMs }: SkewFacts): string {
  const minutes = Math.round(Math.abs(aheadMs) / MINUTE);
  const direction = aheadMs > 0 ? "behind" : "ahead of";
  return `the clock of this node is about ${minutes} min ${direction} that of node ${name} at ${from}, and ` +
    `${CLOCK_TOLERANCE_MS / MINUTE} min are tolerated: they do not hear each other. ` +
    "Compare date -u on both, and set the clock that is wrong, for example with timedatectl set-ntp true";
}

function renamed(knownAs: string, name: string): string | null {
  if (knownAs === name) return null;
  return `node.toml calls this node ${name}, and it is ${knownAs}: a member keeps the name that it joined with. ` +
    `Write id = "${knownAs}" there`;
}
