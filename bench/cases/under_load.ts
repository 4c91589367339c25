import { CellError } from "../../lib/base/mod.ts";
import { type CaseContext, compare, type Measurement, type Program } from "../harness/mod.ts";
import type { PacedAnswer, PacedRequest } from "../load/paced.ts";

const RUNS = 10;
const CALLS_PER_SECOND = 5_000;
/** The load goes on for this long before and after what happens. */
const MARGIN_MS = 300;
/** A client that does not get this share of the calls out says nothing about the rate. */
const RATE_SHARE_MIN = 0.9;

/** Somebody who is called all the time while something happens to who answers. */
export interface Side {
  /** Runs `load/paced.ts`. */
  readonly client: Program;
  /** What the calls have to survive. */
  happen(): Promise<void>;
  /** Makes everything as it was, after the load has ended. */
  restore(): Promise<void>;
}

/** Counts the calls that fail while something happens, ours and the reference's run by turns; ours must be none. */
export async function countFailedCalls(
  { progress }: CaseContext,
  sides: { ours: Side; reference: Side },
  about: { event: string; reference: string },
): Promise<Measurement[]> {
  const answers = { ours: [] as PacedAnswer[], reference: [] as PacedAnswer[] };
  for (let run = 0; run < RUNS; run++) {
    for (const side of ["ours", "reference"] as const) {
      const answer = await runOnce(sides[side]);
      answers[side].push(answer);
      if (answer.failed > 0) progress(`run ${run}, ${side}: ${describe(answer)}`);
    }
  }
  const { event, reference } = about;
  const failed = (side: PacedAnswer[]): number => side.reduce((sum, answer) => sum + answer.failed, 0);
  const slowest = (side: PacedAnswer[]): number[] => side.map((answer) => answer.slowestMs);
  const calls = answers.ours.reduce((sum, answer) => sum + answer.calls, 0);
  return [
    {
      metric: `failed of ${calls.toLocaleString("en-US")} calls in ${RUNS} runs of ${event}`,
      unit: "calls",
      value: failed(answers.ours),
      reference,
      referenceValue: failed(answers.reference),
      target: { valueMax: 0 },
    },
    compare({ ours: slowest(answers.ours), reference: slowest(answers.reference) }, {
      metric: `slowest call of a run, ${event}`,
      unit: "ms",
      reference,
    }),
  ];
}

async function runOnce({ client, happen, restore }: Side): Promise<PacedAnswer> {
  const ask = (request: PacedRequest): Promise<unknown> => client.ask(request);
  await ask({ callsPerSecond: CALLS_PER_SECOND });
  await Bun.sleep(MARGIN_MS);
  await happen();
  await Bun.sleep(MARGIN_MS);
  const answer = (await ask({ stop: true })) as PacedAnswer;
  await restore();
  if (answer.callsPerSecond >= RATE_SHARE_MIN * CALLS_PER_SECOND) return answer;
  throw new CellError(
    "FAILED_PRECONDITION",
    `expected ${CALLS_PER_SECOND} calls/s, found ${Math.round(answer.callsPerSecond)}: this machine cannot carry them`,
  );
}

function describe({ calls, failed, reasons }: PacedAnswer): string {
  const each = Object.entries(reasons).map(([reason, count]) => `${count} x ${reason}`);
  return `${failed} of ${calls} calls failed: ${each.join("; ")}`;
}
