import { expect, test } from "bun:test";
import { DEFAULTS, validateOptions } from "./options.ts";

test("what is not said is the default", () => {
  expect(validateOptions({})).toEqual(DEFAULTS);
  expect(validateOptions({ startingMax: 2 })).toEqual({ ...DEFAULTS, startingMax: 2 });
});

test.each([{ heartbeatMs: 0 }, { heartbeatMs: NaN }, { drainTimeoutMs: Infinity }, { startingMax: 1.5 }, {
  startingMax: 0,
}])(
  "%o is out of bounds",
  (options) => {
    const name = Object.keys(options)[0]!;
    expect(() => validateOptions(options)).toThrow(new RegExp(`setting up the supervisor: ${name} is .*; expected`));
  },
);
