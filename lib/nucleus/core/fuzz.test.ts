import { expect, test } from "bun:test";
import { SECOND } from "../../base/mod.ts";
import { forEachSeed } from "../../sim/mod.ts";
import { type Course, Simulation } from "./testing/simulation.ts";

const SOAKS = process.env["CELL_SOAK"] !== undefined;
const SEEDS = SOAKS ? 400_000 : 500;
/** A few seconds on an idle machine. */
const TIMEOUT_MS = SOAKS ? 3_600 * SECOND : 120 * SECOND;

/** Runs seeds; a failure shows what happened last. */
function simulate(name: string, course: Course): void {
  let runs = 0;
  forEachSeed({ file: "lib/nucleus/core/fuzz", test: name, count: SEEDS }, (seed) => {
    runs++;
    const simulation = new Simulation(seed, course);
    try {
      simulation.run();
    } catch (error) {
      throw new Error(`${simulation.trace}\n${(error as Error).message}`, { cause: error });
    }
  });
  expect(runs).toBeGreaterThan(0);
}

test("whatever fails, what was asked for is there in the end", () => {
  simulate("whatever fails", { isDisturbed: true, disturbedMs: 90 * SECOND });
}, TIMEOUT_MS);

test("where nothing fails, no change takes instances away that callers need", () => {
  simulate("where nothing fails", { isDisturbed: false, disturbedMs: 60 * SECOND });
}, TIMEOUT_MS);
