import { ignoreDatagramErrors } from "../../sys/mod.ts";
import type { QuicEndpoint, QuicRuntime, QuicSession } from "./runtime.ts";
import { SOCKET_OPTIONS } from "./session_options.ts";

/** Everything that is dialed over one version of IP goes through one socket, which is there as long as it is used. */
interface Shared {
  readonly endpoint: QuicEndpoint;
  users: number;
  /** The kernel keeps errors of its datagrams to itself. */
  isHushed: boolean;
}

const shared = new Map<"ipv4" | "ipv6", Shared>();

/**
 * Runs `connect` with the socket for a version of IP; the session that it gives keeps that socket open. The runtime would
 * share one by itself, and take one that is bound to IPv6 for an IPv4 address, from where no packet ever leaves.
 */
export async function withDialEndpoint(
  quic: QuicRuntime,
  family: "ipv4" | "ipv6",
  connect: (endpoint: QuicEndpoint) => Promise<QuicSession>,
): Promise<QuicSession> {
  const entry = open(quic, family);
  entry.users++;
  try {
    const session = await connect(entry.endpoint);
    hushOnce(entry);
    const leave = () => release(family, entry);
    session.closed.then(leave, leave);
    return session;
  } catch (error) {
    release(family, entry);
    throw error;
  }
}

function open(quic: QuicRuntime, family: "ipv4" | "ipv6"): Shared {
  const known = shared.get(family);
  if (known !== undefined && !known.endpoint.destroyed) return known;
  const endpoint = new quic.QuicEndpoint({ address: family === "ipv4" ? "0.0.0.0:0" : "[::]:0", ...SOCKET_OPTIONS });
  endpoint.closed.catch(() => {});
  const entry = { endpoint, users: 0, isHushed: false };
  shared.set(family, entry);
  return entry;
}

/** A socket has its port when it is first used. */
function hushOnce(entry: Shared): void {
  const port = entry.endpoint.address?.port;
  if (!entry.isHushed && port !== undefined) entry.isHushed = ignoreDatagramErrors(port);
}

function release(family: "ipv4" | "ipv6", entry: Shared): void {
  if (--entry.users > 0) return;
  if (shared.get(family) === entry) shared.delete(family);
  // Held open, it would keep the process alive.
  void entry.endpoint.close().catch(() => {});
}
