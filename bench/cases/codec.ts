import { join } from "node:path";
import {
  type Case,
  compare,
  type Comparison,
  geometricMean,
  installPeers,
  interleave,
  type Program,
} from "../harness/mod.ts";
import type { CodecAnswer, CodecRequest } from "../load/codec.ts";
import { type PayloadName, PAYLOADS } from "../load/payloads.ts";

const ROUNDS = { warmUps: 6, rounds: 15 };
const ROUND_MS = 60;
const REFERENCE = "@msgpack/msgpack without validation";
const UNIT = "round trips/s";

/** Encode, decode and validate, beside a general library that does not validate; one process for both. */
export const codec: Case = {
  name: "codec",
  summary: "encode, decode and validate five payloads, beside @msgpack/msgpack without validation (needs the peers)",
  needsBinary: false,
  async measure({ resources, progress }) {
    await installPeers(progress);
    const program = resources.start([process.execPath, join(import.meta.dir, "..", "load", "codec.ts")]);
    await program.answer();
    const comparisons = new Map<PayloadName, Comparison>();
    for (const payload of Object.keys(PAYLOADS) as PayloadName[]) {
      const side = (which: CodecRequest["side"]) => () => roundTripsPerSecond(program, payload, which);
      comparisons.set(payload, await interleave(ROUNDS, side("ours"), side("reference")));
    }
    const each = [...comparisons].map(([payload, comparison]) =>
      compare(comparison, { metric: payload, unit: UNIT, reference: REFERENCE })
    );
    return [
      compare(geometricMeans([...comparisons.values()]), {
        metric: `geometric mean of ${each.length} payloads`,
        unit: UNIT,
        reference: REFERENCE,
        target: { ratioMin: 2 },
      }),
      ...each,
    ];
  },
};

/** Round by round, the geometric mean over the payloads. */
function geometricMeans(comparisons: readonly Comparison[]): Comparison {
  const perRound = (pick: (comparison: Comparison) => number[]): number[] =>
    Array.from({ length: ROUNDS.rounds }, (_, round) => geometricMean(comparisons.map((one) => pick(one)[round]!)));
  return { ours: perRound((one) => one.ours), reference: perRound((one) => one.reference) };
}

async function roundTripsPerSecond(
  program: Program,
  payload: PayloadName,
  side: CodecRequest["side"],
): Promise<number> {
  const request: CodecRequest = { payload, side, durationMs: ROUND_MS };
  return ((await program.ask(request)) as CodecAnswer).roundTripsPerSecond;
}
