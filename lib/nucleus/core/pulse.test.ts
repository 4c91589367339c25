import { expect, test } from "bun:test";
import { SECOND } from "../../base/mod.ts";
import { DEFAULTS } from "./options.ts";
import { Pulse } from "./pulse.ts";

const at = (pulse: Pulse, seconds: number) => pulse.examine(seconds * SECOND, DEFAULTS);

test("an instance that misses two heartbeats is asked once whether it lives", () => {
  const pulse = new Pulse(0);
  expect(at(pulse, 12.4)).toBe("well");
  expect(at(pulse, 12.5)).toBe("ping");
  expect(at(pulse, 12.6)).toBe("well");
});

test("after three heartbeats and no answer it hangs", () => {
  const pulse = new Pulse(0);
  at(pulse, 12.5);
  expect(at(pulse, 17.4)).toBe("well");
  expect(at(pulse, 17.5)).toBe("hung");
});

test("a ping has its whole time to be answered", () => {
  const pulse = new Pulse(0);
  at(pulse, 16);
  expect(at(pulse, 20.9)).toBe("well");
  expect(at(pulse, 21)).toBe("hung");
});

test("a failed ping is waited for no longer", () => {
  const pulse = new Pulse(0);
  at(pulse, 16);
  pulse.onPingFailed();
  expect(at(pulse, 17.5)).toBe("hung");
});

test("a failed ping that nobody had asked for means nothing", () => {
  const pulse = new Pulse(0);
  pulse.onPingFailed();
  at(pulse, 16);
  expect(at(pulse, 17.5)).toBe("well");
});

test("what answers pings but does not report is asked again and again, and lives", () => {
  const pulse = new Pulse(0);
  for (let seconds = 12.5; seconds < 200; seconds += 12.5) {
    expect(at(pulse, seconds)).toBe("ping");
    pulse.onPingAnswered(seconds * SECOND);
  }
  expect(pulse.silentMs(200 * SECOND)).toBe(200 * SECOND);
});

test("a time in which nobody listened does not count as silence", () => {
  const pulse = new Pulse(0);
  pulse.postpone(3600 * SECOND);
  expect(at(pulse, 3612)).toBe("well");
  expect(at(pulse, 3612.5)).toBe("ping");
});
