import { expect, test } from "bun:test";
import { formatDuration, formatMicros, parseDuration } from "./duration.ts";

test("durations are read with their unit", () => {
  const cases: [string, number][] = [["500ms", 500], ["2s", 2000], ["1m", 60_000], ["1.5s", 1500], ["1h", 3_600_000], [
    "250us",
    0.25,
  ]];
  for (const [text, durationMs] of cases) expect(parseDuration(text)).toBe(durationMs);
});

test("what is no duration is refused with examples", () => {
  for (const text of ["", "5", "s", "-1s", "0s", "1 s", "1d", "1e3s", "99999999h", "Infinitys"]) {
    expect(() => parseDuration(text), text).toThrow(`expected a duration such as 500ms, 2s or 1m`);
  }
});

test("spans of time are shown with the two units that matter", () => {
  const cases: [number, string][] = [
    [12.4, "12 ms"],
    [1000, "1 s"],
    [59_999, "59 s"],
    [200_000, "3 m 20 s"],
    [18_600_000, "5 h 10 m"],
    [1_051_200_000, "12 d 4 h"],
  ];
  for (const [durationMs, text] of cases) expect(formatDuration(durationMs)).toBe(text);
});

test("latencies are shown with three digits, and those below a microsecond to ten nanoseconds", () => {
  const cases: [number, string][] = [
    [0.095, "0.10 us"],
    [0.5, "0.50 us"],
    [0.8449, "0.84 us"],
    [8.312, "8.31 us"],
    [41.26, "41.3 us"],
    [999, "999 us"],
    [4200, "4.20 ms"],
    [1_500_000, "1.50 s"],
  ];
  for (const [micros, text] of cases) expect(formatMicros(micros)).toBe(text);
});
