import { MINUTE, MS, SECOND } from "./units.ts";

const HOUR = 60 * MINUTE;
const UNITS_MS: { readonly [unit: string]: number } = { us: MS / 1000, ms: MS, s: SECOND, m: MINUTE, h: HOUR };
/** Timers hold no more than 31 bits of milliseconds: 24 days. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** Milliseconds of `500ms`, `2s`, `1.5m` or `1h`; undefined for anything else, zero and more than 24 days included. */
export function durationMs(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text) ?? [];
  const found = Number(digits) * (UNITS_MS[unit] ?? NaN);
  return found > 0 && found <= DURATION_MS_MAX ? found : undefined;
}
