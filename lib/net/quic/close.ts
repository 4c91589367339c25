import { CellError } from "../../base/mod.ts";
import { lost } from "../stall_watch.ts";

/** What the peer is told when a connection ends (RFC 9000, section 20.2: application error codes). */
export const CloseCode = {
  /** In order: everything that was sent has been read. */
  done: 0,
  /** At once: what was on its way is lost. */
  destroyed: 1,
  /** The peer is not who it has to be, or no longer. */
  refused: 2,
  /** The peer does not follow the order of a connection. */
  protocol: 3,
} as const;

/** A reason goes into one packet. */
export const REASON_LENGTH_MAX = 500;

/** What the runtime says of a session that ended with an error. */
interface SessionError extends Error {
  readonly type?: "transport" | "application";
  readonly errorCode?: bigint;
  readonly reason?: string;
}

/**
 * Why a connection that carried frames is over. The runtime has no error for one whose peer was silent for too long, and
 * none for an end in order, which is only seen where the peer ended its stream before.
 */
export function endError(error: Error | undefined): CellError {
  if (error === undefined) return lost("the peer, or the network to it, was silent for too long");
  const { type, errorCode, reason } = error as SessionError;
  if (type === "application" && errorCode !== undefined) {
    if (errorCode === BigInt(CloseCode.refused)) {
      return new CellError("UNAUTHENTICATED", `the peer ended the connection: ${reason || "it refuses this instance"}`);
    }
    if (errorCode === BigInt(CloseCode.destroyed)) return lost("the peer ended it");
    return lost(`the peer ended it with code ${errorCode}${reason ? `: ${reason}` : ""}`);
  }
  return lost(error.message);
}

/** The number with which a session ended: 256 to 511 for a TLS alert (RFC 9001, section 4.8). */
export function errorCodeOf(error: unknown): number | undefined {
  const { errorCode } = error as SessionError;
  return errorCode === undefined ? undefined : Number(errorCode);
}

/** Whether the peer said it, and not this side. */
export function isApplicationError(error: unknown): boolean {
  return (error as SessionError).type === "application";
}
