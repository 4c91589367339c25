import { expect, test } from "bun:test";
import { chooseSeeds, forEachSeed } from "./mod.ts";

test("half of the seeds are always the same and half are fresh", () => {
  expect(chooseSeeds(5, {}, 1_000)).toEqual([1, 2, 3, 1_000, 1_001]);
});

test("CELL_SEED replays one seed, CELL_SEEDS tries as many fresh ones", () => {
  expect(chooseSeeds(5, { CELL_SEED: "77", CELL_SEEDS: "3" }, 1_000)).toEqual([77]);
  expect(chooseSeeds(5, { CELL_SEEDS: "3" }, 2 ** 31 - 2)).toEqual([2 ** 31 - 2, 2 ** 31 - 1, 0]);
});

test("a seed that fails is named with the command that replays it", () => {
  const fail = () =>
    forEachSeed({ file: "lib/sim/for_each_seed", test: "a seed that fails", count: 1 }, () => {
      throw new Error("three of two machines are up");
    });
  expect(fail).toThrow(
    /three of two machines are up\nagain: CELL_SEED=\d+ bun test lib\/sim\/for_each_seed -t "a seed/,
  );
});
