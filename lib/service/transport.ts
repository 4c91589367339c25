import { CellError, didYouMean } from "../base/mod.ts";
import type { LinkTransport } from "../net/mod.ts";
import type { LocalTransport } from "../shm/mod.ts";

/**
 * How a client reaches the instances of this machine: "uds" keeps to Unix sockets, "shm" fails where shared memory does not
 * work, "auto" moves a connection into shared memory once it is used and stays on the socket where that does not work.
 */
export type TransportChoice = LocalTransport;

/** Whoever starts a program chooses with this variable for those of its clients that do not choose themselves. */
export const TRANSPORT_VARIABLE = "CELL_TRANSPORT";

/**
 * What whoever holds a name says in its lock file that it offers. A server of an earlier version says nothing there and
 * takes the request to move a connection for a broken protocol, so it is not asked.
 */
export const TRANSPORTS_OFFERED: readonly LinkTransport[] = ["uds", "shm"];

const CHOICES: readonly TransportChoice[] = ["auto", "uds", "shm"];
/** What the protocol foresees between machines, which nothing here reaches yet. */
const PLANNED = "quic";

/**
 * What `option` says, else the environment, else "auto". Throws INVALID_ARGUMENT for what is no transport and UNIMPLEMENTED
 * for one that there is not; both name the option or the variable that says so.
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
  if (given === PLANNED) {
    throw new CellError(
      "UNIMPLEMENTED",
      `${what}: there is no ${PLANNED} yet; instances on this machine offer uds (Unix socket) and shm (shared memory)`,
    );
  }
  throw new CellError("INVALID_ARGUMENT", `${what}: expected uds, shm or auto, found ${show(given)}`);
}

function show(given: unknown): string {
  if (typeof given !== "string") return given === null ? "null" : typeof given;
  const near = didYouMean(given, CHOICES);
  return JSON.stringify(given) + (near === "" ? "" : `.${near}`);
}
