import { CellError, toCellError } from "../../base/mod.ts";
import { PROOF_BYTES_MAX, verifyProof } from "../identity/mod.ts";
import { describeAddress } from "./address.ts";
import { CloseCode, errorCodeOf } from "./close.ts";
import { endorse } from "./endorsement.ts";
import { encodeIntroduction, IntroductionKind, IntroductionReader } from "./introduction.ts";
import type { ListenerContext } from "./listen_quic.ts";
import { peerOf, QuicLink } from "./quic_link.ts";
import { QuicByteStream, type QuicStreamOwner } from "./quic_stream.ts";
import type { QuicHandshake, QuicSession, QuicStream } from "./runtime.ts";

/** What a refused client may be told at most. */
const REFUSAL_BYTES_MAX = 1024;

/** What this side's TLS stack has against a client's certificate (RFC 8446, section 6.2), for this side's log. */
const OWN_ALERTS: { [alert: number]: string } = {
  0x12a: "its certificate, or a signature in it, is not right",
  0x12d: "its certificate has expired, or is not yet valid; are the clocks of both machines right?",
  0x130: "the authority of this cluster has not issued its certificate: it is of another cluster, or of none",
  0x174: "it showed no certificate: it has joined no cluster",
  0x178: "it does not speak cell/1; is another version of cell there, or another program?",
};

/** The streams that a client opens (RFC 9000, section 2.1). */
const FRAMES_ID = 0n;
const GRANTS_ID = 4n;

/** A connection of a listener: a stranger that is given some time to prove who it is, then a link. */
export class Arrival implements QuicStreamOwner {
  /** The runtime does not know it before the handshake is done. */
  private address = "an unknown address";
  private readonly reader = new IntroductionReader([IntroductionKind.proof]);
  private readonly timer: ReturnType<typeof setTimeout>;
  private bytes: QuicByteStream | undefined;
  private grants: QuicStream | undefined;
  private isDecided = false;

  constructor(private readonly session: QuicSession, private readonly listener: ListenerContext) {
    const { handshakeMs } = listener.options;
    this.timer = setTimeout(() => this.abandon(`it did not say who it is within ${handshakeMs} ms`), handshakeMs);
    // Told by the promises below; without a handler the runtime reports each as an unhandled rejection.
    session.onerror = () => {};
    session.onstream = (stream) => this.onStream(stream);
    session.opened.then((handshake) => this.onOpened(handshake), (error) => this.onFailed(error));
    session.closed.then(() => this.onGone(), (error) => this.onFailed(error));
  }

  /** Ends it at once, unless the client has been let in. */
  abandon(why: string): void {
    if (this.isDecided) return;
    this.decide(this.refusal(why));
    this.session.destroy(undefined, { code: CloseCode.refused, type: "application", reason: why });
  }

  onData(chunk: Uint8Array): void {
    if (this.isDecided) return;
    let link: QuicLink | undefined;
    try {
      const introduction = this.reader.push(chunk);
      if (introduction !== undefined) link = this.admit(introduction.body, introduction.rest);
    } catch (thrown) {
      this.refuse(toCellError(thrown, "UNAUTHENTICATED"));
    }
    if (link !== undefined) this.listener.onLink(link);
  }

  onDrain(): void {}

  onClosed(error: CellError | undefined): void {
    this.decide(this.refusal(error === undefined ? "it went away before it said who it is" : error.message));
  }

  private onOpened({ remote, validationErrorCode }: QuicHandshake): void {
    this.address = describeAddress(remote);
    // The runtime says "opened" before it refuses a client without a certificate.
    if (validationErrorCode !== undefined && this.session.peerCertificate !== undefined) {
      this.abandon(`its certificate is not right (${validationErrorCode})`);
    }
  }

  /** The first stream is for frames, the second for windows; which is heard of first is up to the network. */
  private onStream(stream: QuicStream): void {
    const { session, listener } = this;
    if (stream.id === FRAMES_ID && this.bytes === undefined) {
      this.bytes = new QuicByteStream(session, stream, this, listener.options.windowBytes);
      if (this.grants !== undefined) this.bytes.openWindow(this.grants);
    } else if (stream.id === GRANTS_ID && this.grants === undefined) {
      this.grants = stream;
      this.bytes?.openWindow(stream);
    } else session.destroy(undefined, { code: CloseCode.protocol, type: "application", reason: "two streams only" });
  }

  private admit(proof: Uint8Array, rest: Uint8Array): QuicLink {
    const { listener, address } = this;
    const { shownCertificate } = listener;
    const bytes = this.bytes!;
    const identity = verifyProof(proof, shownCertificate, listener.trust, listener.now(), address);
    const current = listener.credentials();
    const isRenewed = Buffer.compare(current.certificate, shownCertificate) !== 0;
    const endorsement = isRenewed ? endorse(current, shownCertificate) : new Uint8Array(0);
    this.decide(undefined);
    send(bytes, encodeIntroduction(IntroductionKind.admitted, endorsement));
    const link = new QuicLink(bytes, peerOf(identity, address), undefined, listener.link);
    if (rest.length > 0) link.onData(rest);
    return link;
  }

  /** Tells the client why, and waits a moment until it has read it. */
  private refuse(error: CellError): void {
    if (this.isDecided) return;
    this.decide(error);
    const message = Buffer.from(error.message).subarray(0, Math.min(REFUSAL_BYTES_MAX, PROOF_BYTES_MAX));
    send(this.bytes!, encodeIntroduction(IntroductionKind.refused, message));
    this.bytes!.end();
  }

  private onFailed(error: Error): void {
    const code = errorCodeOf(error) ?? 0;
    this.decide(this.refusal(OWN_ALERTS[code] ?? `the handshake failed: ${error.message}`, error));
  }

  private onGone(): void {
    this.decide(this.refusal("it went away before it said who it is"));
  }

  private decide(error: CellError | undefined): void {
    if (this.isDecided) return;
    this.isDecided = true;
    clearTimeout(this.timer);
    this.listener.onDecided(this, error);
  }

  private refusal(why: string, cause?: unknown): CellError {
    return new CellError("UNAUTHENTICATED", `accepting a connection of ${this.address}: ${why}`, { cause });
  }
}

function send(stream: QuicByteStream, bytes: Uint8Array): void {
  stream.write(bytes as Uint8Array<ArrayBuffer>, 0, bytes.length);
}
