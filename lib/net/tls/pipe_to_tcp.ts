import { CellError, MINUTE, SECOND } from "../../base/mod.ts";
import { piecesOf, PIPE_BYTES } from "./outbox.ts";
import { formatAddress, prepare } from "./tcp.ts";
import { networkError } from "./tls_errors.ts";

/** A relayed pipe through which nothing went for so long, or up to twice as long, is closed. */
export const RELAY_IDLE_MS = 5 * MINUTE;
/** How long the port behind a relay may take to accept; it is on the same machine. */
export const RELAY_CONNECT_MS = 2 * SECOND;

/** Where a relay carries bytes to. */
export interface PipeToTcpOptions {
  /** @default "127.0.0.1" */
  readonly host?: string;
  readonly port: number;
  /** @default RELAY_IDLE_MS */
  readonly idleMs?: number;
  /** @default RELAY_CONNECT_MS */
  readonly connectMs?: number;
}

/**
 * Connects to a port, sends there what comes from `bytes` and gives what comes back: the far end of a `bytePipe`. Holds
 * PIPE_BYTES and one piece in each direction at most. It ends when either side does, or is idle; who stops iterating ends
 * the connection. The end of `bytes` closes the connection: what the port has answered just before is lost where it has
 * not come yet, for who ends a pipe reads no more (`Link.close`). Throws UNAVAILABLE with `data.started` false when nobody
 * accepts there, UNAVAILABLE when it was idle.
 */
export async function* pipeToTcp(
  bytes: AsyncIterable<Uint8Array>,
  options: PipeToTcpOptions,
): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  const connection = new RelayedConnection(options);
  try {
    await connection.open();
    connection.sendAll(source);
    yield* connection.chunks();
  } finally {
    connection.terminate();
    // Nobody waits for it: a source that is being asked answers when it can.
    source.return?.().catch(() => {});
  }
}

const EVENTS: Bun.SocketHandler<RelayedConnection> = {
  binaryType: "uint8array",
  open: (socket) => socket.data.onOpen(socket),
  data: (socket, chunk) => socket.data.onData(chunk),
  drain: (socket) => socket.data.onDrain(),
  close: (socket, error) => socket.data.onClosed(error),
  error: (socket, error) => socket.data.onClosed(error),
  // The promise of the connection is rejected as well.
  connectError: () => {},
};

/** A TCP connection that is read when somebody asks, and written as fast as it takes. */
class RelayedConnection {
  private socket: Bun.Socket<RelayedConnection> | undefined;
  private inbox: Uint8Array[] = [];
  private inboxBytes = 0;
  private closed = false;
  private error: CellError | undefined;
  private movedBytes = 0;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;
  private wakeReader: () => void = () => {};
  private wakeWriter: () => void = () => {};

  constructor(private readonly options: PipeToTcpOptions) {}

  private get address(): string {
    return formatAddress(this.options.host ?? "127.0.0.1", this.options.port);
  }

  async open(): Promise<void> {
    const { host = "127.0.0.1", port, connectMs = RELAY_CONNECT_MS } = this.options;
    const attempted = `relaying to ${this.address}`;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const error = `${attempted}: nobody accepted within ${connectMs} ms`;
      late.reject(new CellError("UNAVAILABLE", error, { data: { started: false } }));
    }, connectMs);
    try {
      const connected = Bun.connect<RelayedConnection>({ hostname: host, port, data: this, socket: EVENTS });
      await Promise.race([connected, late.promise]);
    } catch (error) {
      throw networkError(attempted, error);
    } finally {
      clearTimeout(timer);
    }
    this.watchIdle();
  }

  /** Sends everything that `source` has, then closes this side. */
  sendAll(source: AsyncIterator<Uint8Array>): void {
    this.pump(source).then(() => this.socket?.end(), () => this.terminate());
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    while (true) {
      const chunk = this.inbox.shift();
      if (chunk !== undefined) {
        this.inboxBytes -= chunk.length;
        if (this.inboxBytes <= PIPE_BYTES / 2) this.socket?.resume();
        yield* piecesOf(chunk);
      } else if (this.closed) {
        if (this.error !== undefined) throw this.error;
        return;
      } else await new Promise<void>((resolve) => this.wakeReader = resolve);
    }
  }

  terminate(error?: CellError): void {
    this.error ??= error;
    this.socket?.terminate();
    this.onClosed();
  }

  onOpen(socket: Bun.Socket<RelayedConnection>): void {
    // It came too late.
    if (this.closed) return socket.terminate();
    prepare(socket);
    this.socket = socket;
  }

  onData(chunk: Uint8Array): void {
    this.movedBytes += chunk.length;
    this.inbox.push(chunk);
    this.inboxBytes += chunk.length;
    if (this.inboxBytes > PIPE_BYTES) this.socket?.pause();
    this.wakeReader();
  }

  onDrain(): void {
    this.wakeWriter();
  }

  onClosed(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    if (error !== undefined) this.error ??= networkError(`relaying to ${this.address}`, error);
    clearTimeout(this.idleTimer);
    this.wakeReader();
    this.wakeWriter();
  }

  private async pump(source: AsyncIterator<Uint8Array>): Promise<void> {
    while (!this.closed) {
      const { done, value } = await source.next();
      if (done) return;
      await this.send(value);
    }
  }

  private async send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length && !this.closed;) {
      const taken = this.socket?.write(bytes, sent, bytes.length - sent) ?? -1;
      if (taken < 0) return this.terminate();
      sent += taken;
      this.movedBytes += taken;
      if (sent < bytes.length) await new Promise<void>((resolve) => this.wakeWriter = resolve);
    }
  }

  private watchIdle(): void {
    const { idleMs = RELAY_IDLE_MS } = this.options;
    const before = this.movedBytes;
    this.idleTimer = setTimeout(() => {
      if (this.movedBytes !== before) return this.watchIdle();
      const why = `nothing was sent either way for ${idleMs} ms`;
      this.terminate(new CellError("UNAVAILABLE", `relaying to ${this.address}: ${why}`));
    }, idleMs);
  }
}
