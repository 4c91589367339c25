import { CellError, didYouMean } from "../base/mod.ts";
import type { LinkTransport } from "../net/mod.ts";
import type { LocalTransport } from "../shm/mod.ts";

/**
 * How a client reaches instances. "auto" takes what is fastest: for those of this machine a Unix socket that moves into shared
 * memory once it is used and where that works, for those of other nodes QUIC, TLS over TCP where UDP is blocked, and TLS
 * through the agent of their node where they cannot be reached directly. The others insist: "uds" and "shm" reach this
 * machine only, "quic" and "tls" (the last two of "auto") go over the network even to this machine.
 */
export type TransportChoice = LocalTransport | "quic" | "tls";

/** Whoever starts a program chooses with this variable for those of its clients that do not choose themselves. */
export const TRANSPORT_VARIABLE = "CELL_TRANSPORT";

/**
 * What whoever holds a name says in its lock file that it offers. A server of an earlier version says nothing there and
 * takes the request to move a connection for a broken protocol, so it is not asked.
 */
export const TRANSPORTS_OFFERED: readonly LinkTransport[] = ["uds", "shm"];

const CHOICES: readonly TransportChoice[] = ["auto", "uds", "shm", "quic", "tls"];

/**
 * What `option` says, else the environment, else "auto". Throws INVALID_ARGUMENT for what is no transport, naming the option or
 * the variable that says so.
 */
export function chooseTransport(option?: unknown): TransportChoice {
  if (option !== undefined) return parseTransport(option, "the option transport");
  const variable = process.env[TRANSPORT_VARIABLE];
  return variable === undefined || variable === "" ? "auto" : parseTransport(variable, TRANSPORT_VARIABLE);
}

/** The transport that `given` names. `what` begins the message of the error: where it was given. */
export function parseTransport(given: unknown, what: string): TransportChoice {
  const choice = CHOICES.find((name) => name === given);
  if (choice !== undefined) return choice;
  throw new CellError("INVALID_ARGUMENT", `${what}: expected uds, shm, quic, tls or auto, found ${show(given)}`);
}

function show(given: unknown): string {
  if (typeof given !== "string") return given === null ? "null" : typeof given;
  const near = didYouMean(given, CHOICES);
  return JSON.stringify(given) + (near === "" ? "" : `.${near}`);
}
