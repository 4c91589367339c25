import { MINUTE, SECOND } from "../../../base/mod.ts";
import { type ClusterOptions, SimulatedCluster } from "./simulated_cluster.ts";

/** What was measured of one crash. */
export interface CrashResult {
  /** Until the first node took the crashed one for failed, until all but one did, and until all. */
  readonly firstMs: number;
  readonly mostMs: number;
  readonly allMs: number;
  /** How often somebody else was taken for failed. */
  readonly falsePositives: number;
  /** What a node sent and heard before, with 28 bytes of IP and UDP around each packet. */
  readonly restBytesPerSecond: number;
}

/** What all nodes have sent and heard so far, with 28 bytes of IP and UDP around each packet. */
export function bytesOf({ nodes, network }: SimulatedCluster): number {
  return nodes.reduce((sum, { address }) => {
    const { bytesSent, bytesReceived, packetsSent, packetsReceived } = network.traffic(address);
    return sum + bytesSent + bytesReceived + 28 * (packetsSent + packetsReceived);
  }, 0);
}

/** Lets a cluster rest for `restMs`, then one node crashes. Throws when not all know after `withinMs`. */
export function runCrash(options: ClusterOptions, restMs: number, withinMs = MINUTE): CrashResult {
  const cluster = new SimulatedCluster(options).startTogether();
  cluster.run(5 * SECOND + cluster.random() * SECOND);
  const before = bytesOf(cluster);
  cluster.run(restMs);
  const restBytesPerSecond = (bytesOf(cluster) - before) / options.nodes / (restMs / SECOND);
  const { id, machine } = cluster.nodes[Math.floor(options.nodes / 2)]!;
  machine.crash();
  const sinceMs = cluster.timeline.now;
  const allMs = cluster.runUntil(() => cluster.allMiss(id), withinMs, "all know of the crash");
  const failures = cluster.notices.filter(({ change }) => change === "failed");
  const heardMs = failures.filter(({ about }) => about === id).map(({ atMs }) => atMs - sinceMs);
  return {
    firstMs: heardMs[0]!,
    mostMs: heardMs.at(-2)!,
    allMs,
    falsePositives: failures.length - heardMs.length,
    restBytesPerSecond,
  };
}
