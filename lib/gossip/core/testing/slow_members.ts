import { SECOND } from "../../../base/mod.ts";
import type { StallKind } from "../../../sim/mod.ts";
import { type ClusterOptions, SimulatedCluster } from "./simulated_cluster.ts";

/** The experiment of the Lifeguard paper: some members stop and go on, again and again, while all others are well. */
export interface SlowExperiment extends ClusterOptions {
  /** How many members are slow. */
  readonly slow: number;
  readonly kind: StallKind;
  /** How long they stop, and how long they run between, from and to. */
  readonly stallMs: readonly [number, number];
  readonly runMs: readonly [number, number];
  readonly durationMs: number;
}

/** What was measured. */
export interface SlowResult {
  /** How often a node held a member for failed that was well all the time, at any node. */
  falsePositives: number;
  /** Those of them at nodes that were well themselves. */
  falseAtHealthy: number;
  packets: number;
  bytes: number;
}

/** Runs it once. */
export function runSlowExperiment(experiment: SlowExperiment): SlowResult {
  const cluster = new SimulatedCluster(experiment).startTogether();
  cluster.run(10 * SECOND);
  const { timeline, random, nodes, network } = cluster;
  const between = ([min, max]: readonly [number, number]) => min + random() * (max - min);
  const slow = nodes.slice(0, experiment.slow);
  for (const { machine } of slow) {
    const stop = () => {
      const stallMs = between(experiment.stallMs);
      machine.stall(stallMs, experiment.kind);
      timeline.after(stallMs + between(experiment.runMs), stop);
    };
    timeline.after(between(experiment.runMs), stop);
  }
  const sent = () => nodes.map(({ machine }) => network.traffic(machine.address));
  const packetsBefore = sum(sent().map(({ packetsSent }) => packetsSent));
  const bytesBefore = sum(sent().map(({ bytesSent }) => bytesSent));
  cluster.notices.length = 0;
  cluster.run(experiment.durationMs);
  const slowIds = new Set(slow.map(({ id }) => id));
  const wrong = cluster.notices.filter(({ change, about }) => change === "failed" && !slowIds.has(about));
  return {
    falsePositives: wrong.length,
    falseAtHealthy: wrong.filter(({ by }) => by >= experiment.slow).length,
    packets: sum(sent().map(({ packetsSent }) => packetsSent)) - packetsBefore,
    bytes: sum(sent().map(({ bytesSent }) => bytesSent)) - bytesBefore,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
