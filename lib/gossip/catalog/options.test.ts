import { expect, test } from "bun:test";
import { DEFAULTS, validateOptions } from "./options.ts";

test("options without anything are the defaults", () => {
  expect(validateOptions({})).toEqual(DEFAULTS);
});

test("an option out of its bounds names the bound", () => {
  expect(() => validateOptions({ loadStep: 256 })).toThrow("loadStep is 256; expected a whole number from 1 to 255");
  expect(() => validateOptions({ ownersMax: 0 })).toThrow("ownersMax is 0; expected a whole number from 1 to 100000");
  expect(() => validateOptions({ loadIntervalMs: 0.5 })).toThrow("loadIntervalMs is 0.5");
  expect(() => validateOptions({ tombstoneMs: NaN })).toThrow("tombstoneMs is NaN");
});

test("options that contradict each other name both", () => {
  expect(() => validateOptions({ tombstoneMs: 1_000 })).toThrow(
    "tombstoneMs is 1000; expected at least ownerGoneMs, which is 3600000",
  );
  expect(() => validateOptions({ entriesMax: 1_000 })).toThrow("at least entriesPerOwnerMax, which is 1024");
  expect(() => validateOptions({ tombstonesMax: 1_000 })).toThrow("at least tombstonesPerOwnerMax, which is 1024");
});
