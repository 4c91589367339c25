import { MIB } from "../../../base/mod.ts";
import type { Credentials } from "../../identity/mod.ts";
import { DEFAULT_QUIC_OPTIONS } from "../options.ts";
import { loadQuic, type QuicConnectOptions, type QuicEndpoint, type QuicSession, type QuicStream } from "../runtime.ts";
import { connectOptions, SOCKET_OPTIONS } from "../session_options.ts";

/** A client that does what it likes with the runtime's QUIC. */
export class Stranger {
  /** With what the connection ended; undefined while it has not. */
  end: Error | "in order" | undefined;

  private constructor(readonly session: QuicSession, private readonly endpoint: QuicEndpoint) {
    session.onerror = () => {};
    session.closed.then(() => this.end = "in order", (error: Error) => this.end = error);
  }

  /** Begins a connection; whether there is one shows in `opened`. */
  static async connect(
    port: number,
    credentials: Credentials,
    changes: Partial<QuicConnectOptions> = {},
  ): Promise<Stranger> {
    const quic = await loadQuic();
    const endpoint = new quic.QuicEndpoint({ address: "127.0.0.1:0", ...SOCKET_OPTIONS });
    endpoint.closed.catch(() => {});
    const options = { ...connectOptions(endpoint, credentials, DEFAULT_QUIC_OPTIONS), ...changes };
    return new Stranger(await quic.connect(`127.0.0.1:${port}`, options), endpoint);
  }

  /** Opens a stream and sends what it likes. */
  async say(bytes: Uint8Array): Promise<QuicStream> {
    const stream = await this.session.createBidirectionalStream({ highWaterMark: 64 * MIB });
    stream.onerror = () => {};
    stream.writer.writeSync(bytes);
    return stream;
  }

  leave(): void {
    this.session.destroy();
    void this.endpoint.close().catch(() => {});
  }
}
