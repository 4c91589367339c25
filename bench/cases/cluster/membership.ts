import { KIB, SECOND } from "../../../lib/base/mod.ts";
import { LAN, PLAIN_SWIM } from "../../../lib/gossip/core/mod.ts";
import { runCrash } from "../../../lib/gossip/core/testing/crash.ts";
import { type Case, compare, type Comparison, interleave } from "../../harness/mod.ts";

const ROUNDS = { warmUps: 0, rounds: 9 };
const DETECTION_SECONDS_MAX = 15;
const REST_KILOBYTES_MAX = 20;
const NODES_AT_REST = 1000;
const REST_MS = 60 * SECOND;
/** What a node's record has beside its addresses: certificate and signatures. */
const RECORD_PADDING_BYTES = 750;

/** In virtual time, so what is measured is the protocol and not the machine. */
export const detection: Case = {
  name: "cluster-detection",
  summary: "simulated: until all of 100 nodes know that one crashed, at LAN settings, beside plain SWIM",
  needsBinary: false,
  async measure() {
    let seed = 0;
    const seconds = (membership: object) => () =>
      runCrash({ seed: ++seed, nodes: 100, membership }, 5 * SECOND).allMs / SECOND;
    return [
      compare(await interleave(ROUNDS, seconds(LAN), seconds({ ...LAN, ...PLAIN_SWIM })), {
        metric: "a crash known to all of 100 nodes",
        unit: "simulated s",
        reference: "plain SWIM, which does not wait for confirmations",
        target: { valueMax: DETECTION_SECONDS_MAX },
      }),
    ];
  },
};

/** What 1,000 nodes send and hear when nothing happens. */
export const gossipAtRest: Case = {
  name: "cluster-rest",
  summary: `simulated: bytes that a node of ${NODES_AT_REST} sends and hears when nothing happens, beside a node of 10`,
  needsBinary: false,
  measure() {
    const bytesPerSecond = (nodes: number) =>
      runCrash({ seed: nodes, nodes, membership: LAN, recordPadding: RECORD_PADDING_BYTES }, REST_MS)
        .restBytesPerSecond;
    const comparison: Comparison = {
      ours: [bytesPerSecond(NODES_AT_REST) / KIB],
      reference: [bytesPerSecond(10) / KIB],
    };
    return Promise.resolve([
      compare(comparison, {
        metric: `gossip of one of ${NODES_AT_REST} nodes at rest, IP headers included`,
        unit: "KiB/s",
        reference: "one of 10 nodes",
        target: { valueMax: REST_KILOBYTES_MAX },
      }),
    ]);
  },
};
