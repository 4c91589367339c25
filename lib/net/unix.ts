import { chmodSync, lstatSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CellError, type Code, Writer } from "../base/mod.ts";
import { effectiveUserId, peerCredentials } from "../sys/mod.ts";
import { writeGoaway } from "../wire/mod.ts";
import type { LocalPeer } from "./link.ts";
import { type Shortening, socketPath } from "./socket_path.ts";
import { StreamLink, type StreamLinkOptions } from "./stream_link.ts";

/** How a Unix socket is listened on. */
export interface ListenUnixOptions {
  /** Receives each connection whose peer is the same user or root. */
  onLink(link: StreamLink<LocalPeer>): void;
  /** Hears of each connection that was refused because of its user. */
  onRefused?(error: CellError): void;
  /** @default what suits the platform */
  shortening?: Shortening;
  /** What tests shorten. */
  link?: StreamLinkOptions;
}

/** A Unix socket that accepts connections. */
export interface Listener {
  readonly path: string;
  /** Stops accepting and removes the socket file. Links that exist live on. */
  close(): Promise<void>;
}

/** How a Unix socket is connected to. */
export interface DialUnixOptions {
  /** @default what suits the platform */
  shortening?: Shortening;
  /** What tests shorten. */
  link?: StreamLinkOptions;
}

/** The runtime's socket with the link that lives on it. */
type LinkSocket = Bun.Socket<StreamLink<LocalPeer> | undefined>;

const EVENTS: Bun.SocketHandler<StreamLink<LocalPeer> | undefined> = {
  binaryType: "uint8array",
  data: (socket, chunk) => socket.data?.onData(chunk),
  drain: (socket) => socket.data?.onDrain(),
  close: (socket, error) => socket.data?.onClosed(error),
  error: (socket, error) => socket.data?.onClosed(error),
};

/**
 * Listens at `path` with mode 0600; longer paths than sockaddr_un holds work. A socket file that lies there is replaced:
 * whoever calls this holds the name's lock.
 *
 * The socket is bound to a name beside the final one and moved there once it listens and has its mode, so that whoever
 * finds the file can connect.
 */
export async function listenUnix(path: string, options: ListenUnixOptions): Promise<Listener> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  const { listener, inode } = await attempt("listening at", path, () => {
    const bindable = socketPath(temporary, options.shortening);
    try {
      rmSync(temporary, { force: true });
      const listener = Bun.listen<StreamLink<LocalPeer> | undefined>({
        unix: bindable.path,
        data: undefined,
        socket: { ...EVENTS, open: (socket) => accept(socket, path, options) },
      });
      try {
        chmodSync(temporary, 0o600);
        renameSync(temporary, path);
        return { listener, inode: lstatSync(path).ino };
      } catch (error) {
        listener.stop();
        throw error;
      }
    } finally {
      bindable.release();
    }
  });
  return {
    path,
    close() {
      listener.stop();
      // Another process may have taken the name over; its socket is not ours to remove.
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) unlinkSync(path);
      return Promise.resolve();
    },
  };
}

/**
 * Connects to the socket at `path`; the kernel answers at once. Throws NOT_FOUND when there is no such file, UNAVAILABLE
 * when nobody accepts there (the socket of a process that died, or one with 512 connections waiting: the runtime reports
 * both as ECONNREFUSED), PERMISSION_DENIED when the file or its owner is another user's.
 */
export async function dialUnix(path: string, options: DialUnixOptions = {}): Promise<StreamLink<LocalPeer>> {
  const socket = await attempt("connecting to", path, async () => {
    const reachable = socketPath(path, options.shortening);
    try {
      return await Bun.connect<StreamLink<LocalPeer> | undefined>({
        unix: reachable.path,
        data: undefined,
        socket: EVENTS,
      });
    } finally {
      reachable.release();
    }
  });
  const peer = credentialsOf(socket);
  const own = effectiveUserId();
  if (own !== 0 && !isTrusted(peer.uid, own)) {
    socket.terminate();
    throw refused(`connecting to ${path}`, `it belongs to user ${peer.uid}, and this process to user ${own}`);
  }
  return linkOf(socket, peer, options.link);
}

/** Whether a process of `uid` may talk to one of `own`: the same user may, and root may. */
export function isTrusted(uid: number, own: number): boolean {
  return uid === own || uid === 0;
}

function accept(socket: LinkSocket, path: string, { onLink, onRefused, link }: ListenUnixOptions): void {
  let error: CellError;
  try {
    const peer = credentialsOf(socket);
    const own = effectiveUserId();
    if (isTrusted(peer.uid, own)) return onLink(linkOf(socket, peer, link));
    error = refused(
      `accepting process ${peer.pid} at ${path}`,
      `it runs as user ${peer.uid}, the service as user ${own}`,
    );
  } catch (thrown) {
    error = refused(`accepting a connection at ${path}`, (thrown as Error).message);
  }
  const writer = new Writer();
  writeGoaway(writer, 0, "permission", error.message);
  socket.end(writer.written());
  onRefused?.(error);
}

function linkOf(socket: LinkSocket, peer: LocalPeer, options: StreamLinkOptions | undefined): StreamLink<LocalPeer> {
  const link = new StreamLink(socket, peer, "uds", options);
  socket.data = link;
  return link;
}

function credentialsOf(socket: LinkSocket): LocalPeer {
  // The runtime has the property; its type declarations do not.
  return { kind: "process", ...peerCredentials((socket as unknown as { fd: number }).fd) };
}

/** Runs something that fails with errors of the operating system, and says which path it was about. */
async function attempt<T>(verb: string, path: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CellError) throw error;
    const code = codeOf(error);
    const [cellCode, why] = MEANINGS[code] ?? ["INTERNAL", (error as Error).message];
    throw new CellError(cellCode, `${verb} ${path}: ${why} (${code})`, {
      cause: error,
      data: { errno: code, started: false },
    });
  }
}

const MEANINGS: { [errno: string]: [Code, string] } = {
  ENOENT: ["NOT_FOUND", "there is no such socket"],
  ECONNREFUSED: ["UNAVAILABLE", "nobody accepts connections there: the process that did is gone, or does not keep up"],
  ECONNRESET: ["UNAVAILABLE", "the process that listened is going away"],
  EACCES: ["PERMISSION_DENIED", "this user may not use it"],
  EPERM: ["PERMISSION_DENIED", "this user may not use it"],
  EADDRINUSE: ["ALREADY_EXISTS", "something lies there already"],
  EISDIR: ["ALREADY_EXISTS", "a folder lies there already"],
  EMFILE: ["RESOURCE_EXHAUSTED", "this process has too many open files"],
  ENFILE: ["RESOURCE_EXHAUSTED", "this machine has too many open files"],
};

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "no errno";
}

function refused(attempted: string, why: string): CellError {
  return new CellError("PERMISSION_DENIED", `${attempted}: ${why}`, { data: { started: false } });
}
