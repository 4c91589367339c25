import { anywhere, type Case, compare, installPeers, interleave, startMoleculer } from "../../harness/mod.ts";
import { QuicSides } from "./sides.ts";

const ROUNDS = { warmUps: 2, rounds: 7 };
const ROUND_MS = 1_000;
const IN_FLIGHT = 512;

/** Many calls at once over one QUIC connection. */
export const rate: Case = {
  name: "quic-512-in-flight",
  summary: "calls per second over QUIC with 512 in flight, beside Moleculer over TCP (needs the peers)",
  needsBinary: false,
  async measure(context) {
    await installPeers(context.progress);
    const sides = await QuicSides.start(context, anywhere);
    const ours = await sides.client("calls");
    const moleculer = await startMoleculer(context.resources);
    const comparison = await interleave(
      ROUNDS,
      () => ours.callsPerSecond(IN_FLIGHT, ROUND_MS),
      () => moleculer.callsPerSecond(IN_FLIGHT, ROUND_MS),
    );
    return [
      compare(comparison, {
        metric: `calls answered with ${IN_FLIGHT} in flight`,
        unit: "calls/s",
        reference: "Moleculer over TCP, no encryption",
        target: { valueMin: 150_000, ratioMin: 1 },
      }),
    ];
  },
};

/** A stream of numbers from a handler's generator to a client's loop. */
export const items: Case = {
  name: "quic-stream-items",
  summary: "items per second of a stream over QUIC, beside the same over a Unix socket",
  needsBinary: false,
  async measure(context) {
    const sides = await QuicSides.start(context, anywhere);
    const [ours, uds] = [await sides.client("items"), await sides.client("uds-items")];
    const comparison = await interleave(
      ROUNDS,
      () => ours.callsPerSecond(1, ROUND_MS),
      () => uds.callsPerSecond(1, ROUND_MS),
    );
    return [
      compare(comparison, {
        metric: "items of one stream",
        unit: "items/s",
        reference: "the same over a Unix socket",
        target: { valueMin: 500_000 },
      }),
    ];
  },
};
