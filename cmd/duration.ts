import { durationMs, MINUTE, SECOND } from "../lib/base/mod.ts";
import { UsageError } from "./usage_error.ts";

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds of `500ms`, `2s`, `1.5m` or `1h`. */
export function parseDuration(text: string): number {
  const found = durationMs(text);
  if (found !== undefined) return found;
  throw new UsageError(`expected a duration such as 500ms, 2s or 1m (at most 24 days), found "${text}"`);
}

/** A span of time as people say it: `850 ms`, `12 s`, `3 m 20 s`, `5 h 10 m`, `12 d 4 h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < SECOND) return `${Math.round(durationMs)} ms`;
  if (durationMs < MINUTE) return `${Math.floor(durationMs / SECOND)} s`;
  if (durationMs < HOUR) return `${Math.floor(durationMs / MINUTE)} m ${Math.floor((durationMs % MINUTE) / SECOND)} s`;
  if (durationMs < DAY) return `${Math.floor(durationMs / HOUR)} h ${Math.floor((durationMs % HOUR) / MINUTE)} m`;
  return `${Math.floor(durationMs / DAY)} d ${Math.floor((durationMs % DAY) / HOUR)} h`;
}

/** A latency with three digits: `0.84 us`, `8.31 us`, `120 us`, `4.20 ms`, `1.50 s`. */
export function formatMicros(micros: number): string {
  if (micros < 1000) return `${threeDigits(micros)} us`;
  if (micros < 1_000_000) return `${threeDigits(micros / 1000)} ms`;
  return `${threeDigits(micros / 1_000_000)} s`;
}

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
