import type { Outgoing } from "./outgoing.ts";
import { shownTo } from "./peer_certificate.ts";
import type { SecureOptions } from "./secure_options.ts";
import { formatAddress, prepare } from "./tcp.ts";
import { networkError } from "./tls_errors.ts";

const EVENTS: Bun.SocketHandler<Outgoing> = {
  binaryType: "uint8array",
  open(socket) {
    prepare(socket);
    socket.data.begin(socket);
  },
  handshake: (socket, _, error) => socket.data.onHandshake(shownTo(socket), error),
  data: (socket, chunk) => socket.data.onData(chunk),
  drain: (socket) => socket.data.onDrain(),
  close: (socket, error) => socket.data.onClosed(error),
  error(socket, error) {
    socket.data.onClosed(error);
    // It was a handler that failed, perhaps: then the socket is still open.
    socket.terminate();
  },
  // The promise below is rejected as well.
  connectError: () => {},
};

/** Connects `outgoing` to a port, with TLS as `tls` says. Rejects when there is no connection. */
export async function connectTcp(host: string, port: number, tls: SecureOptions, outgoing: Outgoing): Promise<void> {
  try {
    await Bun.connect<Outgoing>({ hostname: host, port, tls, data: outgoing, socket: EVENTS });
  } catch (error) {
    throw networkError(`connecting to ${formatAddress(host, port)}`, error);
  }
}
