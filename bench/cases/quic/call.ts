import { type Case, compare, installPeers, onTwoCores, startMoleculer, takeTurns } from "../../harness/mod.ts";
import { QuicSides } from "./sides.ts";

const ROUNDS = { warmUps: 3, rounds: 11 };
const CALLS_PER_ROUND = 3_000;

/** One call after the other over QUIC, client and server on a core of their own. */
export const call: Case = {
  name: "quic-call",
  summary: "a call over QUIC, one at a time, beside raw datagrams, a bare QUIC stream and Moleculer (needs the peers)",
  needsBinary: false,
  async measure(context) {
    await installPeers(context.progress);
    const sides = await QuicSides.start(context, onTwoCores);
    const [ours, udp, bare] = [await sides.client("calls"), await sides.client("udp"), await sides.client("bare")];
    const moleculer = await startMoleculer(context.resources, onTwoCores);
    const samples = await takeTurns(ROUNDS, {
      ours: () => ours.latency(CALLS_PER_ROUND),
      udp: () => udp.latency(CALLS_PER_ROUND),
      bare: () => bare.latency(CALLS_PER_ROUND),
      moleculer: () => moleculer.latency(CALLS_PER_ROUND),
    });
    const beside = (side: "udp" | "bare" | "moleculer") => ({
      ours: samples.ours.map(({ p50Micros }) => p50Micros),
      reference: samples[side].map(({ p50Micros }) => p50Micros),
    });
    const about = { metric: "p50 of a call", unit: "us" };
    return [
      compare(beside("udp"), { ...about, reference: "raw UDP echo in Bun", target: { ratioMax: 1.4 } }),
      compare(beside("bare"), { ...about, reference: "echo over a bare QUIC stream" }),
      compare(beside("moleculer"), {
        ...about,
        reference: "Moleculer over TCP, no encryption",
        target: { ratioMax: 1 },
      }),
    ];
  },
};
