import { expect, test } from "bun:test";
import { methodOptionsOf, setMethodOptions } from "./method_options.ts";

test("options are remembered for their function, as they were when they were given", () => {
  const fn = () => 1;
  const options = { idempotent: true, timeoutMs: 5, maxConcurrency: Infinity };
  setMethodOptions(fn, options);
  options.timeoutMs = 6;
  expect(methodOptionsOf(fn)).toEqual({ idempotent: true, timeoutMs: 5, maxConcurrency: Infinity });
  expect(methodOptionsOf(() => 1)).toBeUndefined();
});

test.each([
  [{ idempotent: 1 }, "idempotent: expected true or false, found 1"],
  [{ timeoutMs: 0 }, "timeoutMs: expected a number of milliseconds greater than 0, found 0"],
  [{ timeoutMs: Infinity }, "found Infinity"],
  [{ timeoutMs: NaN }, "found NaN"],
  [{ maxConcurrency: 0 }, "maxConcurrency: expected a whole number of at least 1, or Infinity, found 0"],
  [{ maxConcurrency: 1.5 }, "found 1.5"],
  [{ timeout: 5 }, "there is no option timeout. Did you mean timeoutMs?"],
  [null, "expected an object of options, found null"],
])("%j is refused", (options, message) => {
  expect(() => setMethodOptions(() => 1, options as object)).toThrow(message);
});

test("what is not a function, and a function that has options already, is refused", () => {
  expect(() => setMethodOptions(5 as never, {})).toThrow("expected a function, found number");
  const fn = () => 1;
  setMethodOptions(fn, {});
  expect(() => setMethodOptions(fn, {})).toThrow("has options already");
});
