import { CellError, SECOND } from "../base/mod.ts";
import {
  dialUnix,
  type DialUnixOptions,
  type Link,
  type Listener,
  listenUnix,
  type ListenUnixOptions,
} from "../net/mod.ts";
import { LocalLink } from "./local_link.ts";
import { MemoryBudget } from "./memory_budget.ts";
import { Poller } from "./poller.ts";

/** A server that is asked for shared memory answers within this, or the connection is not made. */
const MOVE_MS_MAX = 10 * SECOND;

/**
 * How a connection to a process of this machine is made: over the Unix socket alone ("uds"), in shared memory or not at all
 * ("shm"), or over the socket and in shared memory as soon as that pays ("auto").
 */
export type LocalTransport = "auto" | "uds" | "shm";

/** How a local socket is connected to. */
export interface DialLocalOptions extends DialUnixOptions {
  readonly transport: LocalTransport;
  /** What only this user can read; both sides have to have it before memory is shared. */
  readonly secret: () => Uint8Array;
}

/** How a local socket is listened on. */
export interface ListenLocalOptions extends Omit<ListenUnixOptions, "onLink"> {
  /** Receives each connection whose peer is the same user or root. */
  onLink(link: Link): void;
  readonly secret: () => Uint8Array;
}

let sharedPoller: Poller | undefined;
let sharedBudget: MemoryBudget | undefined;

/** All connections of a process are looked after together. */
function poller(): Poller {
  return sharedPoller ??= new Poller();
}

/** All listeners of a process give out of the same memory. */
function budget(): MemoryBudget {
  return sharedBudget ??= new MemoryBudget();
}

/**
 * Connects to the socket at `path`. Throws what `dialUnix` throws; with the transport "shm" also FAILED_PRECONDITION when the
 * connection cannot move, with the reason.
 */
export async function dialLocal(path: string, options: DialLocalOptions): Promise<Link> {
  const { transport, secret } = options;
  const socket = await dialUnix(path, options);
  if (transport === "uds") return socket;
  const when = transport === "shm" ? "asked" : "auto";
  const link = new LocalLink(socket, { role: "client", when, secret, poller: poller(), ...options.link });
  if (transport === "auto") return link;
  const timer = setTimeout(() => link.destroy(tooLate(path)), MOVE_MS_MAX);
  try {
    await link.moved;
    return link;
  } catch (error) {
    link.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Listens at `path` like `listenUnix`, and lets those clients move into shared memory that ask for it. */
export function listenLocal(path: string, options: ListenLocalOptions): Promise<Listener> {
  const { secret } = options;
  return listenUnix(path, {
    ...options,
    onLink: (socket) =>
      options.onLink(
        new LocalLink(socket, { role: "server", secret, budget: budget(), poller: poller(), ...options.link }),
      ),
  });
}

function tooLate(path: string): CellError {
  return new CellError("UNAVAILABLE", `connecting to ${path}: it did not answer within ${MOVE_MS_MAX} ms`, {
    data: { started: false },
  });
}
