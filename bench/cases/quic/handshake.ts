import { anywhere, type Case, compare, takeTurns } from "../../harness/mod.ts";
import { QuicSides } from "./sides.ts";

const ROUNDS = { warmUps: 2, rounds: 9 };
const HANDSHAKES_PER_ROUND = 20;

/** From nothing to a link whose both sides know each other. */
export const handshake: Case = {
  name: "quic-handshake",
  summary: "connecting by QUIC until both sides know each other, beside the bare handshake of the runtime",
  needsBinary: false,
  async measure(context) {
    const sides = await QuicSides.start(context, anywhere);
    const [ours, bare] = [await sides.client("handshakes"), await sides.client("bare-handshakes")];
    const samples = await takeTurns(ROUNDS, {
      ours: () => ours.latency(HANDSHAKES_PER_ROUND),
      bare: () => bare.latency(HANDSHAKES_PER_ROUND),
    });
    const millis = (side: "ours" | "bare") => samples[side].map(({ p50Micros }) => p50Micros / 1000);
    return [
      compare({ ours: millis("ours"), reference: millis("bare") }, {
        metric: "p50 of connecting",
        unit: "ms",
        reference: "the runtime's handshake alone",
        target: { valueMax: 10 },
      }),
    ];
  },
};
