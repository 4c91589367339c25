import { CellError, type Code, errorCode } from "../../base/mod.ts";

/** BoringSSL numbers the alerts that a peer sent from here. */
const ALERT_REASONS = 1000;
const REASON_MASK = 0xfff;

/** The number of the alert that an error of the TLS stack is about; undefined when no alert was received. */
export function alertOf(error: Error): number | undefined {
  const packed = /error:([0-9a-f]{8}):SSL routines/i.exec(error.message)?.[1];
  if (packed === undefined) return undefined;
  const reason = parseInt(packed, 16) & REASON_MASK;
  return reason >= ALERT_REASONS && reason < ALERT_REASONS + 256 ? reason - ALERT_REASONS : undefined;
}

/** The words of an error of the TLS stack without the numbers around them, such as "wrong version number". */
export function reasonOf(error: Error): string {
  const packed = /SSL routines:[^:]*:(\w+)/.exec(error.message)?.[1];
  return packed === undefined ? error.message : packed.toLowerCase().replaceAll("_", " ");
}

/** An error of the operating system about an address, as what was attempted, what it means and its name. */
export function networkError(attempted: string, error: unknown): CellError {
  if (error instanceof CellError) return error;
  const errno = errorCode(error) ?? "no errno";
  const [code, why] = MEANINGS[errno] ?? ["UNAVAILABLE", (error as Error).message];
  return new CellError(code, `${attempted}: ${why} (${errno})`, { cause: error, data: { errno, started: false } });
}

const MEANINGS: { [errno: string]: [Code, string] } = {
  ECONNREFUSED: ["UNAVAILABLE", "nobody listens there"],
  ECONNRESET: [
    "UNAVAILABLE",
    "the connection was reset: it takes no more at the moment, or something in between forbids it",
  ],
  EHOSTUNREACH: ["UNAVAILABLE", "no way leads to that address"],
  ENETUNREACH: ["UNAVAILABLE", "no way leads to that network"],
  ETIMEDOUT: ["UNAVAILABLE", "nothing there answers"],
  EACCES: ["PERMISSION_DENIED", "this user may not use that port"],
  EPERM: ["PERMISSION_DENIED", "a firewall of this machine forbids it"],
  EADDRNOTAVAIL: ["INVALID_ARGUMENT", "this machine does not have that address"],
  EADDRINUSE: ["ALREADY_EXISTS", "another process listens there"],
  ENOTFOUND: ["UNAVAILABLE", "no machine has that name"],
  DNS_ENOTFOUND: ["UNAVAILABLE", "no machine has that name"],
  EMFILE: ["RESOURCE_EXHAUSTED", "this process has too many open files"],
  ENFILE: ["RESOURCE_EXHAUSTED", "this machine has too many open files"],
};
