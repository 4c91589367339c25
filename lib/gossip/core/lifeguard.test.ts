import { expect, test } from "bun:test";
import { MINUTE, SECOND } from "../../base/mod.ts";
import { forEachSeed } from "../../sim/mod.ts";
import { PLAIN_SWIM } from "./mod.ts";
import { runSlowExperiment, type SlowExperiment, type SlowResult } from "./testing/slow_members.ts";

const FILE = "lib/gossip/core/lifeguard";
const IS_LONG = process.env["CELL_SOAK"] !== undefined;
const TIMEOUT_MS = IS_LONG ? 3_600_000 : 120_000;

/** What Lifeguard has to be worth. */
const TIMES_FEWER = 30;
const MORE_PACKETS = 1.15;
/** Where it has nothing to prevent; 1.16 over a hundred seeds. */
const MORE_PACKETS_STOPPED = 1.3;
/** Fewer would make a share of them chance. */
const FALSE_POSITIVES_MIN = 1_000;

/** One in a hundred, at least one, is slow: its messages are held up for 2 to 20 seconds, again and again. */
function experimentOf(nodes: number, loss: number): Omit<SlowExperiment, "seed"> {
  return {
    nodes,
    slow: Math.max(1, Math.round(nodes / 100)),
    kind: "messages",
    stallMs: [2 * SECOND, 20 * SECOND],
    runMs: [50, 2 * SECOND],
    durationMs: 2 * MINUTE,
    link: { loss },
  };
}

interface Comparison {
  readonly nodes: number;
  readonly loss: number;
  /** How many seeds it takes until plain SWIM is wrong a thousand times. */
  readonly seeds: number;
}

const SHORT: readonly Comparison[] = [{ nodes: 10, loss: 0, seeds: 12 }, { nodes: 100, loss: 0.05, seeds: 2 }];
const LONG: readonly Comparison[] = [10, 100, 1_000].flatMap((nodes) =>
  [0, 0.05, 0.2].map((loss) => ({ nodes, loss, seeds: { 10: 200, 100: 20 }[nodes] ?? 1 }))
);

/** Plain SWIM and all of Lifeguard under the same seeds. */
function compare(name: string, seeds: number, experiment: Omit<SlowExperiment, "seed">): [SlowResult, SlowResult] {
  const chosen = IS_LONG ? Array.from({ length: seeds }, (_, index) => index + 1) : undefined;
  const run = (membership: SlowExperiment["membership"]): SlowResult => {
    const total = { falsePositives: 0, falseAtHealthy: 0, packets: 0, bytes: 0 };
    const add = (seed: number) => {
      const result = runSlowExperiment({ ...experiment, seed, membership: membership! });
      for (const key of Object.keys(total) as (keyof SlowResult)[]) total[key] += result[key];
    };
    if (chosen === undefined) forEachSeed({ file: FILE, test: name, count: seeds }, add);
    else chosen.forEach(add);
    return total;
  };
  const results: [SlowResult, SlowResult] = [run(PLAIN_SWIM), run({})];
  if (IS_LONG) console.log(name, { plain: results[0], lifeguard: results[1] });
  return results;
}

for (const { nodes, loss, seeds } of IS_LONG ? LONG : SHORT) {
  const name = `among ${nodes} with ${100 * loss} % loss`;
  test(
    `${name}, slow members cost 30 times fewer false positives than in plain SWIM, for about as many packets`,
    () => {
      const [plain, lifeguard] = compare(name, seeds, experimentOf(nodes, loss));
      expect(plain.falsePositives).toBeGreaterThan(FALSE_POSITIVES_MIN);
      expect(lifeguard.falsePositives).toBeLessThanOrEqual(plain.falsePositives / TIMES_FEWER);
      expect(lifeguard.packets).toBeLessThanOrEqual(plain.packets * MORE_PACKETS);
      expect(lifeguard.bytes).toBeLessThan(plain.bytes);
    },
    TIMEOUT_MS,
  );
}

for (const nodes of IS_LONG ? [10, 100] : [10]) {
  const name = `among ${nodes} whose slow members stop altogether`;
  test(`${name}, hardly anybody is taken for failed, for about as many packets`, () => {
    const seeds = IS_LONG ? 1_000 / nodes : 6;
    const [plain, lifeguard] = compare(name, seeds, { ...experimentOf(nodes, 0), kind: "process" });
    expect(lifeguard.falsePositives).toBeLessThanOrEqual(Math.max(1, plain.falsePositives));
    expect(lifeguard.packets).toBeLessThanOrEqual(plain.packets * MORE_PACKETS_STOPPED);
  }, TIMEOUT_MS);
}
