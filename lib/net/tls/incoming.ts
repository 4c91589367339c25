import { CellError, KIB, toCellError } from "../../base/mod.ts";
import { alertError, alertOfErrorCode, type Trust, type VerifiedIdentity, verifyIdentity } from "../identity/mod.ts";
import { type AnonymousPeer, type RemotePeer, StreamLink, type StreamLinkOptions } from "../mod.ts";
import { ADMITTED, refusalFrame } from "./admission.ts";
import type { TlsLimits } from "./limits.ts";
import { shownTo } from "./peer_certificate.ts";
import { PROTOCOL } from "./secure_options.ts";
import { reasonOf } from "./tls_errors.ts";

/** The runtime's socket with the connection that lives on it. */
export type IncomingSocket = Bun.Socket<Incoming | undefined>;

/** What a connection needs of its listener. */
export interface IncomingOwner {
  readonly trust: Trust;
  readonly limits: TlsLimits;
  readonly link: StreamLinkOptions | undefined;
  readonly now: () => number;
  /** Whether clients without a certificate are let in. */
  readonly takesAnonymous: boolean;
  /** The client is let in. */
  onAdmitted(incoming: Incoming, link: StreamLink<RemotePeer> | StreamLink<AnonymousPeer>): void;
  /** The client is not let in, or went away before it was. */
  onRefused(error: CellError): void;
  /** The connection is gone: the last call. */
  onGone(incoming: Incoming): void;
}

/** Answers that wait for a client without a certificate who does not read them; it gets no more until it does. */
export const ANONYMOUS_QUEUE_BYTES = 32 * KIB;
/** How the runtime says that a client showed no certificate at all. */
const NO_CERTIFICATE = "UNABLE_TO_GET_ISSUER_CERT";

/** A connection of a listener: a stranger that is given some time to prove who it is, then a link. */
export class Incoming {
  private socket: IncomingSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Once the client is let in. */
  link: StreamLink<RemotePeer> | StreamLink<AnonymousPeer> | undefined;
  private isDecided = false;
  private isGone = false;

  /** `host` is the client's address, `address` the same with its port. */
  constructor(private readonly owner: IncomingOwner, readonly host: string, private readonly address: string) {}

  /** The handshake begins on `socket`. */
  begin(socket: IncomingSocket): void {
    this.socket = socket;
    const { handshakeMs } = this.owner.limits;
    this.endAfter(handshakeMs, `it did not finish its handshake within ${handshakeMs} ms`);
  }

  /** The stack is done: `error` says what it thinks of the certificate, or why there is no handshake. */
  onHandshake(error: Error | null): void {
    if (this.isDecided || this.socket === undefined) return;
    const { socket, owner, address } = this;
    const { leaf, protocol } = shownTo(socket);
    const code = (error as { code?: string } | null)?.code;
    if (leaf === undefined && error !== null && code !== NO_CERTIFICATE) return this.fail(socket, error);
    if (protocol !== PROTOCOL) {
      return this.refuse(
        socket,
        refusal(address, `it does not offer ${PROTOCOL}. Is another version of cell there, or another program?`),
      );
    }
    if (leaf === undefined && owner.takesAnonymous) return this.admit(socket, { kind: "anonymous", address });
    let identity: VerifiedIdentity;
    try {
      identity = verifyIdentity(leaf, owner.trust, owner.now(), address);
    } catch (thrown) {
      return this.refuse(socket, toCellError(thrown, "INTERNAL"));
    }
    this.admit(socket, { kind: "instance", ...identity, address });
  }

  onData(chunk: Uint8Array): void {
    this.link?.onData(chunk);
  }

  onDrain(): void {
    this.link?.onDrain();
  }

  /** The socket is gone. */
  onClosed(error?: Error): void {
    if (this.isGone) return;
    this.isGone = true;
    clearTimeout(this.timer);
    if (!this.isDecided) this.decide(refusal(this.address, "it went away during its handshake"));
    this.link?.onClosed(error);
    this.owner.onGone(this);
  }

  /** The handshake cannot begin, and its socket is closed. */
  giveUp(error: CellError): void {
    this.decide(error);
    this.onClosed();
  }

  /** Makes room for another client: this one has been a stranger for longest. */
  giveWay(): void {
    const error = refusal(this.address, "others came after it, and no more strangers are let in at once");
    if (!this.isDecided) this.decide(error);
    this.link?.destroy(error);
    this.socket?.terminate();
    this.onClosed();
  }

  /** Closes at once, as long as the client has not been let in. */
  abandon(): void {
    if (this.link === undefined) this.socket?.terminate();
  }

  private admit(socket: IncomingSocket, peer: RemotePeer | AnonymousPeer): void {
    this.isDecided = true;
    clearTimeout(this.timer);
    const { owner } = this;
    const options = { gathers: true, ...owner.link };
    const link = this.link = peer.kind === "instance"
      ? new StreamLink(socket, peer, "tls", options)
      : new StreamLink(socket, peer, "tls", { ...options, queueHighBytes: ANONYMOUS_QUEUE_BYTES });
    if (peer.kind === "anonymous") {
      const { anonymousMs } = owner.limits;
      this.timer = setTimeout(() => {
        link.destroy(refusal(this.address, `without a certificate it may stay ${anonymousMs} ms, and that is over`));
      }, anonymousMs);
    }
    link.writer.append(ADMITTED);
    link.commit();
    owner.onAdmitted(this, link);
  }

  /** Tells the client why, and does not wait longer than for a handshake until it has gone. */
  private refuse(socket: IncomingSocket, error: CellError): void {
    this.decide(error);
    socket.end(refusalFrame(error.message));
  }

  /** There was no handshake: its client learns no more than the alert that the stack has sent. */
  private fail(socket: IncomingSocket, error: Error): void {
    const alert = alertOfErrorCode(error.message);
    this.decide(
      (alert === undefined ? undefined : alertError(alert, this.address)) ??
        refusal(this.address, `the handshake failed: ${reasonOf(error)}`, error),
    );
    socket.terminate();
  }

  private decide(error: CellError): void {
    this.isDecided = true;
    this.owner.onRefused(error);
  }

  private endAfter(timeoutMs: number, why: string): void {
    this.timer = setTimeout(() => {
      if (!this.isDecided) this.decide(refusal(this.address, why));
      this.socket?.terminate();
    }, timeoutMs);
  }
}

function refusal(address: string, why: string, cause?: unknown): CellError {
  return new CellError("UNAUTHENTICATED", `accepting a connection of ${address}: ${why}`, { cause });
}
