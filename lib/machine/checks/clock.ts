import { type Check, fail, ok } from "../check.ts";

/** Before this the clock was never set: this version of Cell did not exist. Boards without a battery start in 1970. */
const EARLIEST = Date.UTC(2026, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** Whether the clock was ever set. */
export const CLOCK: Check = { name: "clock", run: () => examineClock(Date.now()) };

/** The finding for a clock that shows `now`. */
export function examineClock(now: number) {
  const shown = new Date(now).toISOString();
  if (now >= EARLIEST && now < LATEST) return ok(shown);
  return fail(`the clock says ${shown}`, "set it: `sudo timedatectl set-ntp true`, or `sudo date -s ...`");
}
