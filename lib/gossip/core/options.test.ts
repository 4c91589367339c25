import { expect, test } from "bun:test";
import { DEFAULTS, validateOptions } from "./options.ts";

test("what is not said is that of a local network", () => {
  expect(validateOptions({})).toEqual(DEFAULTS);
  expect(validateOptions({ gossipNodes: 5 }).gossipNodes).toBe(5);
});

test("a value out of its bounds is refused with them", () => {
  const refused = (options: Parameters<typeof validateOptions>[0]) => () => validateOptions(options);
  expect(refused({ gossipNodes: 0 })).toThrow(
    "setting up membership: gossipNodes is 0; expected a whole number from 1 to 32",
  );
  expect(refused({ gossipNodes: 1.5 })).toThrow("gossipNodes is 1.5");
  expect(refused({ probeIntervalMs: 5 })).toThrow("probeIntervalMs is 5; expected milliseconds from 10 to 86400000");
  expect(refused({ probeIntervalMs: Number.NaN })).toThrow("probeIntervalMs is NaN");
  expect(refused({ packetBytesMax: 1_000 })).toThrow("from 1150 to 8900");
  expect(refused({ membersMax: 10_001 })).toThrow("from 1 to 10000");
});

test("a probe's timeout leaves room in its interval", () => {
  expect(() => validateOptions({ probeTimeoutMs: 1_000 })).toThrow(
    "probeTimeoutMs is 1000; expected less than probeIntervalMs, which is 1000",
  );
});
