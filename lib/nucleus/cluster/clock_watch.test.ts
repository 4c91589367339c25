import { expect, test } from "bun:test";
import { ClockWatch, JUMP_MS_MIN } from "./clock_watch.ts";

test("a machine that slept, or whose clock was set, is noticed once; time that passes is not", () => {
  let [wallMs, steadyMs] = [1_000_000, 0];
  const clock = new ClockWatch(() => wallMs, () => steadyMs);
  for (const passed of [1, 5000, 3_600_000]) {
    wallMs += passed;
    steadyMs += passed;
    expect(clock.look()).toBe(0);
  }
  wallMs += 2 * 3_600_000;
  expect(clock.look()).toBe(2 * 3_600_000);
  expect(clock.look()).toBe(0);
  wallMs -= JUMP_MS_MIN;
  expect(clock.look()).toBe(-JUMP_MS_MIN);
  wallMs += JUMP_MS_MIN - 1;
  expect(clock.look()).toBe(0);
});
