import { CellError } from "../base/mod.ts";
import type { Link } from "./link.ts";

/** How a Unix socket is listened on. */
export interface ListenUnixOptions {
  /** Receives each connection whose peer is the same user or root. */
  onLink(link: Link): void;
  /** Hears of each connection that was refused because of its user. */
  onRefused?(error: CellError): void;
}

/** A Unix socket that accepts connections. */
export interface Listener {
  readonly path: string;
  /** Stops accepting and removes the socket file. Links that exist live on. */
  close(): Promise<void>;
}

/** How a Unix socket is connected to. */
export interface DialUnixOptions {
  /** @default 5_000 */
  timeoutMs?: number;
}

/**
 * Listens at `path` with mode 0600; longer paths than sockaddr_un holds work. A socket file that lies there is replaced:
 * whoever calls this holds the name's lock.
 */
export function listenUnix(path: string, _options: ListenUnixOptions): Promise<Listener> {
  return Promise.reject(new CellError("UNIMPLEMENTED", `listening at ${path}`));
}

/**
 * Connects to the socket at `path`. Throws NOT_FOUND when there is no such file, UNAVAILABLE when nobody listens (the
 * socket of a process that died), PERMISSION_DENIED when the file or its owner is another user's, DEADLINE_EXCEEDED.
 */
export function dialUnix(path: string, _options: DialUnixOptions = {}): Promise<Link> {
  return Promise.reject(new CellError("UNIMPLEMENTED", `dialing ${path}`));
}
