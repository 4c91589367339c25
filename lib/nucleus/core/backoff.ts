import { MS, SECOND } from "../../base/mod.ts";

/** The first wait: most that fails once does not fail twice, and callers wait for it. */
export const BACKOFF_MS_MIN = 100 * MS;
/** The longest wait: what cannot be started is tried often enough to be back soon after its cause is gone. */
export const BACKOFF_MS_MAX = 30 * SECOND;

/**
 * How long to wait after so many failures in a row (1 or more): doubling from `BACKOFF_MS_MIN` to `BACKOFF_MS_MAX`, of
 * which a random half is left out, so that instances that failed together do not start together.
 *
 * @param random a number in [0, 1)
 */
export function backoffMs(failures: number, random: number): number {
  const wholeMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (failures - 1));
  return wholeMs * (0.5 + random / 2);
}
