import { expect, test } from "bun:test";
import { SECOND } from "../../base/mod.ts";
import { type Course, Simulation } from "./testing/simulation.ts";

/** With CELL_SEED set, only that one runs. */
const ONLY = process.env["CELL_SEED"];
const SOAKS = process.env["CELL_SOAK"] !== undefined;
const SEEDS = SOAKS ? 200_000 : 600;
/** Always the same seeds, and as many that nobody has tried before. */
const FIRST = [1, Date.now() % 2 ** 31];
/** A few seconds on an idle machine. */
const TIMEOUT_MS = SOAKS ? 3_600 * SECOND : 120 * SECOND;

/** Runs seeds; a failure says how to run the one that failed again. */
function simulate(name: string, course: Course): void {
  const seeds = ONLY === undefined ? FIRST.flatMap((first) => range(first, SEEDS)) : [Number(ONLY)];
  for (const seed of seeds) {
    const simulation = new Simulation(seed, course);
    try {
      simulation.run();
    } catch (error) {
      const command = `CELL_SEED=${seed} bun test lib/nucleus/core/fuzz -t "${name}"`;
      throw new Error(`${simulation.trace}\n${(error as Error).message}\nagain: ${command}`, { cause: error });
    }
  }
  expect(seeds.length).toBeGreaterThan(0);
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

test("whatever fails, what was asked for is there in the end", () => {
  simulate("whatever fails", { isDisturbed: true, disturbedMs: 90 * SECOND });
}, TIMEOUT_MS);

test("where nothing fails, no change takes instances away that callers need", () => {
  simulate("where nothing fails", { isDisturbed: false, disturbedMs: 60 * SECOND });
}, TIMEOUT_MS);
