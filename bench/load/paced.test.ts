import { expect, test } from "bun:test";
import { PacedLoad } from "./paced.ts";

test("calls go out at the rate although none is answered", async () => {
  const answers = Promise.withResolvers<void>();
  const started = performance.now();
  let calls = 0;
  const enough = Promise.withResolvers<void>();
  const load = new PacedLoad(() => {
    if (++calls === 100) enough.resolve();
    return answers.promise;
  }, 1_000);
  await enough.promise;
  // The hundredth is due a tenth of a second after the start, however late the timer is.
  expect(performance.now() - started).toBeGreaterThanOrEqual(100);
  answers.resolve();
  expect(await load.stop()).toMatchObject({ failed: 0, reasons: {} });
});

test("what fails is counted by its reason, and answers under way at the end are waited for", async () => {
  const last = Promise.withResolvers<void>();
  const enough = Promise.withResolvers<void>();
  let calls = 0;
  const load = new PacedLoad(() => {
    calls++;
    if (calls <= 2) return Promise.reject(new TypeError("no"));
    if (calls === 3) return last.promise;
    enough.resolve();
    return Promise.resolve();
  }, 1_000);
  await enough.promise;
  const stopped = load.stop();
  last.reject(new RangeError("late"));
  expect(await stopped).toMatchObject({ calls, failed: 3, reasons: { "TypeError: no": 2, "RangeError: late": 1 } });
});
