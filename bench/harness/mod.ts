/**
 * The frame of the benchmarks: what a case is, how two sides are measured fairly, and how the outcome is shown.
 *
 * A figure without its reference says more about the machine than about the program, so there is none here: every
 * measurement has ours and the reference's value, taken in one run. The machines this runs on are noisy (shared
 * cores, changing clocks), which shapes the method: the two sides take turns within one run (A B A B ...), so that a
 * slow second hits both; a round's values are compared with each other; medians are reported, and beside the ratio the
 * quartiles of the rounds' ratios, so that a reader sees how far to trust it. Turned down: means with standard
 * deviations (one slow round moves them, and the noise is one-sided), best-of-n (hides what a user meets), and figures
 * of earlier runs or other machines as references.
 *
 * Invariants: whatever a case starts or creates goes through its `Resources` and is gone when the run ends, on Ctrl-C
 * too; processes are ended by their pid. An agent and its workers are nobody's children: they are found by their home.
 */
export { AgentHome } from "./agent_home.ts";
export { ClusterHome } from "./cluster_home.ts";
export { type Case, type CaseContext, type Measurement, type Target } from "./case.ts";
export { compare, type Comparison, interleave, takeTurns } from "./compare.ts";
export { compileFloor } from "./compile.ts";
export { freePort } from "./free_port.ts";
export { LoadClient } from "./load_client.ts";
export { anywhere, onOneCore, onTwoCores, type Placement } from "./placement.ts";
export { startGrpc, startMoleculer } from "./peer_clients.ts";
export { bundleForNode, installPeers, moleculerCommand, PEERS_DIRECTORY } from "./peers.ts";
export { Program } from "./program.ts";
export { Resources } from "./resources.ts";
export { type Result, resultsTable, toResult } from "./report.ts";
export { greet, HelloService, ServiceProcess } from "./service.ts";
export { geometricMean, median, percentile } from "./statistics.ts";
