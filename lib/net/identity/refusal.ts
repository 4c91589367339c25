import { assert, CellError, MINUTE, SECOND } from "../../base/mod.ts";
import type { Certificate } from "./certificate.ts";

/** How far the clocks of two machines may differ: certificates are taken for as much longer, at both ends. */
export const CLOCK_TOLERANCE_MS = 10 * MINUTE;

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where tokens come from. */
const NEW_TOKEN = "run cell join again with a new token (cell token create on a machine of the cluster).";
/** What to do when the other machine has no certificate that this one takes. */
export const JOIN_AGAIN = `On that machine, ${NEW_TOKEN}`;
/** What to do when this machine has none that others take. */
export const JOIN_AGAIN_HERE = `On this machine, ${NEW_TOKEN}`;

/** The error for a peer that is not who it has to be: `peer` is its address, `why` says which certificate and what is wrong. */
export function refused(peer: string, why: string, cause?: unknown): CellError {
  return new CellError("UNAUTHENTICATED", `checking who ${peer} is: ${why}`, { cause });
}

/** Throws unless a certificate is valid at `nowMs`, give or take what clocks differ. `what` names it in the error. */
export function checkTime(certificate: Certificate, what: string, remedy: string, peer: string, nowMs: number): void {
  assert(!Number.isNaN(new Date(nowMs).getTime()), `a clock says ${nowMs}`);
  const { notBeforeMs, notAfterMs } = certificate;
  const clock = `this machine's clock says ${iso(nowMs)}`;
  if (nowMs > notAfterMs + CLOCK_TOLERANCE_MS) {
    const since = roundDuration(nowMs - notAfterMs);
    throw refused(
      peer,
      `${what} expired ${since} ago, at ${iso(notAfterMs)} (${clock}). ${remedy} Or a clock is wrong.`,
    );
  }
  if (nowMs < notBeforeMs - CLOCK_TOLERANCE_MS) {
    // It was dated back when it was issued.
    const off = roundDuration(notBeforeMs + CLOCK_TOLERANCE_MS - nowMs);
    const start = `it begins at ${iso(notBeforeMs)} (${clock})`;
    throw refused(
      peer,
      `${what} is not yet valid: ${start}. The clocks of this machine and of the one that issued it differ by ${off} or more; ` +
        "set them, for example with timedatectl set-ntp true.",
    );
  }
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
}

function roundDuration(durationMs: number): string {
  if (durationMs < 2 * MINUTE) return `${Math.ceil(durationMs / SECOND)} s`;
  if (durationMs < 2 * HOUR) return `${Math.round(durationMs / MINUTE)} min`;
  return durationMs < 2 * DAY ? `${Math.round(durationMs / HOUR)} h` : `${Math.round(durationMs / DAY)} days`;
}
