import { CellError, SECOND } from "../../base/mod.ts";
import type { Trust } from "../identity/mod.ts";
import type { RemotePeer, StreamLink, StreamLinkOptions } from "../mod.ts";
import type { Pipe } from "./byte_pipe.ts";
import { connectPipe } from "./connect_pipe.ts";
import { connectTcp } from "./connect_tcp.ts";
import type { LinkRegistry } from "./link_registry.ts";
import { type Expected, Outgoing, type Pin } from "./outgoing.ts";
import { clientOptions, type CredentialsSource } from "./secure_options.ts";
import { formatAddress } from "./tcp.ts";

/** Everything of a connection until the server has let this side in takes no longer. */
export const DIAL_MS = 5 * SECOND;

/** Whom to connect to, and how. */
export interface DialTlsOptions {
  /** An address or a name. */
  readonly host: string;
  readonly port: number;
  /** Bytes that lead to that port already, through a relay (`bytePipe`). @default a TCP connection of its own */
  readonly pipe?: Pipe;
  /** Without any, the server must let anonymous clients in: that is how a machine joins. */
  readonly credentials?: CredentialsSource;
  readonly trust: Trust | Pin;
  /** Whom the address must belong to. @default anybody of the cluster */
  readonly expect?: Expected;
  /** For looking up the name, the connection and the handshake together. @default DIAL_MS */
  readonly timeoutMs?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
  /** Where the link is listed while it lives, so that it can be closed when its node is revoked. */
  readonly registry?: LinkRegistry;
  /** What tests shorten. */
  readonly link?: StreamLinkOptions;
  /** Milliseconds since 1970, for certificates. @default Date.now */
  readonly now?: () => number;
}

/**
 * Connects to an instance (TLS 1.3, both sides show certificates) and resolves when it has let this side in. Throws
 * UNAUTHENTICATED when one side does not take the other's certificate, saying which and what to do; UNAVAILABLE with
 * `data.started` false when nobody answers there in time, when it is no cell, or another instance than expected; CANCELLED
 * by `signal`.
 */
export async function dialTls(options: DialTlsOptions): Promise<StreamLink<RemotePeer>> {
  const { host, port, pipe, timeoutMs = DIAL_MS, signal } = options;
  const address = formatAddress(host, port);
  const outgoing = new Outgoing({
    trust: options.trust,
    expect: options.expect ?? {},
    now: options.now ?? Date.now,
    link: options.link,
    registry: options.registry,
  }, address);
  const timer = setTimeout(() => outgoing.fail(tooLate(address, timeoutMs, outgoing.stage)), timeoutMs);
  const onAbort = () => outgoing.fail(cancelled(address, signal?.reason));
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  else connect(options, outgoing).catch((error: unknown) => outgoing.fail(error));
  try {
    return await outgoing.done;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    if (outgoing.link === undefined) pipe?.destroy();
  }
}

async function connect({ host, port, pipe, credentials }: DialTlsOptions, outgoing: Outgoing): Promise<void> {
  const tls = clientOptions(credentials?.());
  await (pipe === undefined ? connectTcp(host, port, tls, outgoing) : connectPipe(pipe, tls, outgoing));
}

function tooLate(address: string, timeoutMs: number, stage: string): CellError {
  return new CellError("UNAVAILABLE", `connecting to ${address}: ${stage} within ${timeoutMs} ms`, {
    data: { started: false },
  });
}

function cancelled(address: string, cause: unknown): CellError {
  return new CellError("CANCELLED", `connecting to ${address}: it was cancelled`, { cause, data: { started: false } });
}
