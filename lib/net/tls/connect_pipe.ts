import type { TLSSocket } from "node:tls";
import type { ByteStream } from "../stream_link.ts";
import type { Pipe } from "./byte_pipe.ts";
import { PIPE_BYTES } from "./outbox.ts";
import type { Outgoing } from "./outgoing.ts";
import { lastOf } from "./peer_certificate.ts";
import type { SecureOptions } from "./secure_options.ts";

/** Connects `outgoing` to whatever is at the far end of `pipe`, with TLS as `tls` says. */
export async function connectPipe(pipe: Pipe, tls: SecureOptions, outgoing: Outgoing): Promise<void> {
  pipe.on("error", (error) => outgoing.fail(error));
  pipe.on("drain", () => outgoing.onDrain());
  // Only connections through a relay need it.
  const { connect } = await import("node:tls");
  if (pipe.destroyed) return outgoing.onClosed();
  const socket = connect({ ...tls, socket: pipe });
  const stream = new PipeStream(socket, pipe);
  socket.on("secureConnect", () => {
    const { alpnProtocol } = socket;
    outgoing.onHandshake({
      leaf: socket.getPeerX509Certificate()?.raw,
      protocol: alpnProtocol,
      last: () => lastOf(socket.getPeerCertificate(true)),
    }, null);
  });
  socket.on("data", (chunk: Uint8Array) => outgoing.onData(chunk));
  socket.on("drain", () => outgoing.onDrain());
  socket.on("error", (error) => outgoing.onClosed(error));
  // It comes after all data, however the pipe ended.
  socket.on("close", () => outgoing.onClosed());
  outgoing.begin(stream);
}

/**
 * A socket of node:tls, which takes whatever it is given and says afterwards that it was too much. What it says is not
 * enough: it drains into the pipe below whether that keeps up or not, so the pipe is asked as well.
 */
class PipeStream implements ByteStream {
  constructor(private readonly socket: TLSSocket, private readonly pipe: Pipe) {}

  write(bytes: Uint8Array<ArrayBuffer>, offset: number, byteCount: number): number {
    const { socket, pipe } = this;
    if (socket.destroyed || socket.writableEnded) return -1;
    let taken = 0;
    while (taken < byteCount && !socket.writableNeedDrain && !pipe.writableNeedDrain) {
      const count = Math.min(byteCount - taken, PIPE_BYTES);
      // It keeps what it is given until it has left.
      socket.write(bytes.slice(offset + taken, offset + taken + count));
      taken += count;
    }
    return taken;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  ref(): void {
    this.pipe.ref?.();
  }

  unref(): void {
    this.pipe.unref?.();
  }

  end(): void {
    this.socket.end();
  }

  terminate(): void {
    this.socket.destroy();
  }
}
