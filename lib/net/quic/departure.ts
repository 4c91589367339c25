import { isIP } from "node:net";
import { CellError, toCellError } from "../../base/mod.ts";
import {
  alertError,
  type Credentials,
  proveIdentity,
  readCertificate,
  type VerifiedIdentity,
  verifyIdentity,
} from "../identity/mod.ts";
import type { StreamLinkOptions } from "../stream_link.ts";
import type { Expected } from "../tls/mod.ts";
import { formatAddress } from "./address.ts";
import { CloseCode, errorCodeOf, isApplicationError } from "./close.ts";
import type { DialQuicOptions } from "./dial_quic.ts";
import { verifyEndorsement } from "./endorsement.ts";
import { encodeIntroduction, type Introduction, IntroductionKind, IntroductionReader } from "./introduction.ts";
import type { QuicOptions } from "./options.ts";
import { peerOf, QuicLink } from "./quic_link.ts";
import { QuicByteStream, type QuicStreamOwner } from "./quic_stream.ts";
import type { QuicSession } from "./runtime.ts";

/** From here on an error of the transport is a TLS alert (RFC 9001, section 4.8). */
const CRYPTO_ERROR = 0x100;

/** A connection that is being made: handshake, certificate, both introductions, and then a link. */
export class Departure implements QuicStreamOwner {
  isSettled = false;
  /** Whether the handshake ended before its end, and nobody has said why. */
  isForsaken = false;
  private readonly address: string;
  private readonly expect: Expected;
  private readonly link: StreamLinkOptions | undefined;
  private readonly outcome = Promise.withResolvers<QuicLink>();
  private readonly reader = new IntroductionReader([IntroductionKind.admitted, IntroductionKind.refused]);
  private session: QuicSession | undefined;
  private bytes: QuicByteStream | undefined;
  /** Whose certificate the handshake showed, and until when that is taken. */
  private shown:
    | { readonly identity: VerifiedIdentity; readonly certificate: Uint8Array; readonly isCurrent: boolean }
    | undefined;

  constructor(private readonly given: DialQuicOptions, private readonly options: QuicOptions) {
    this.address = formatAddress(given.host, given.port);
    this.expect = given.expect ?? {};
    this.link = given.link;
  }

  /** The link, once the server has let this side in. */
  get done(): Promise<QuicLink> {
    return this.outcome.promise;
  }

  /** The first packet is on its way. */
  begin(session: QuicSession, credentials: Credentials): void {
    this.session = session;
    // Told by the promises below; without a handler the runtime reports each as an unhandled rejection.
    session.onerror = () => {};
    if (this.isSettled) return session.destroy();
    session.closed.then(() => this.onEnded(), (error) => this.onFailed(error));
    session.opened.then(() => this.onOpened(session, credentials)).catch((error) => this.onFailed(error));
  }

  onData(chunk: Uint8Array): void {
    if (this.isSettled) return;
    try {
      const introduction = this.reader.push(chunk);
      if (introduction !== undefined) this.onIntroduction(introduction);
    } catch (thrown) {
      this.fail(toCellError(thrown));
    }
  }

  onDrain(): void {}

  onClosed(error: CellError | undefined): void {
    this.fail(error ?? this.unavailable("the other side closed the connection"));
  }

  /** The time is over. */
  giveUp(timeoutMs: number): void {
    this.fail(this.unavailable(`${this.stage} within ${timeoutMs} ms`));
  }

  cancel(): void {
    this.fail(
      new CellError("CANCELLED", `connecting to ${this.address}: given up by the caller`, { data: { started: false } }),
    );
  }

  fail(error: CellError): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.session?.destroy(undefined, { code: CloseCode.destroyed, type: "application" });
    const { code, message, data, cause } = error;
    this.outcome.reject(data === undefined ? new CellError(code, message, { data: { started: false }, cause }) : error);
  }

  private async onOpened(session: QuicSession, credentials: Credentials): Promise<void> {
    if (this.isSettled) return;
    const certificate = session.peerCertificate?.raw;
    const nowMs = this.nowMs();
    const { notAfterMs } = readCertificate(certificate ?? new Uint8Array(0));
    // A listener shows the certificate that it began with and endorses it by its current one.
    const isCurrent = nowMs <= notAfterMs;
    const identity = verifyIdentity(certificate, this.given.trust, Math.min(nowMs, notAfterMs), this.address);
    this.checkExpected(identity);
    this.shown = { identity, certificate: certificate!, isCurrent };
    const stream = await session.createBidirectionalStream();
    this.bytes = new QuicByteStream(session, stream, this, this.options.windowBytes);
    this.bytes.openWindow(await session.createBidirectionalStream());
    const proof = encodeIntroduction(IntroductionKind.proof, proveIdentity(credentials, certificate!));
    this.bytes.write(proof as Uint8Array<ArrayBuffer>, 0, proof.length);
  }

  private onIntroduction({ kind, body, rest }: Introduction): void {
    if (kind === IntroductionKind.refused) {
      const why = Buffer.from(body).toString();
      throw this.unauthenticated(`the other side refused this one: ${why}`);
    }
    const link = new QuicLink(
      this.bytes!,
      peerOf(this.judge(body), this.address),
      this.options.unrefLingerMs,
      this.link,
    );
    this.isSettled = true;
    if (rest.length > 0) link.onData(rest);
    this.outcome.resolve(link);
  }

  /** Who the server is: whose certificate it showed, if that is current or endorsed by the same instance's current one. */
  private judge(endorsement: Uint8Array): VerifiedIdentity {
    const { identity, certificate, isCurrent } = this.shown!;
    const nowMs = this.nowMs();
    if (endorsement.length === 0) {
      return isCurrent ? identity : verifyIdentity(certificate, this.given.trust, nowMs, this.address);
    }
    const endorser = verifyEndorsement(endorsement, certificate, this.given.trust, nowMs, this.address);
    const isSame = endorser?.node === identity.node && endorser.service === identity.service &&
      endorser.instance === identity.instance;
    if (isSame) return identity;
    throw this.unauthenticated("it endorses the certificate that it showed by one of somebody else. Do not connect.");
  }

  private checkExpected(found: VerifiedIdentity): void {
    for (const field of ["node", "service", "instance"] as const) {
      const wanted = this.expect[field];
      if (wanted === undefined || wanted === found[field]) continue;
      throw this.unavailable(
        `expected ${field} ${wanted} there, found ${found.instance} of node ${
          found.node.slice(0, 8)
        }. What was known of this ` +
          "address is out of date.",
      );
    }
  }

  private onEnded(): void {
    this.isForsaken = !this.isSettled && this.shown === undefined;
    this.fail(this.unavailable("the other side closed the connection"));
  }

  private onFailed(error: unknown): void {
    if (error instanceof CellError) return this.fail(error);
    const code = errorCodeOf(error);
    if (code === undefined) return this.fail(this.unavailable((error as Error).message));
    const { message, reason } = error as Error & { reason?: string };
    if (isApplicationError(error)) {
      return this.fail(
        code === CloseCode.refused
          ? this.unauthenticated(`the other side refused this one: ${reason || "it does not say why"}`)
          : this.unavailable(`the other side closed the connection${reason ? `: ${reason}` : ""}`),
      );
    }
    const alert = code >= CRYPTO_ERROR ? alertError(code, this.address) : undefined;
    this.fail(alert ?? this.unavailable(message));
  }

  /** How far this came, for errors. */
  private get stage(): string {
    if (this.session === undefined) {
      return isIP(this.given.host) === 0 ? "its name was not found" : "this process did not come to send anything";
    }
    return this.bytes === undefined
      ? "nothing answered there (UDP may be blocked on the way)"
      : "the other side did not say whether it lets this one in";
  }

  private nowMs(): number {
    return (this.given.now ?? Date.now)();
  }

  private unavailable(why: string): CellError {
    return new CellError("UNAVAILABLE", `connecting to ${this.address} by QUIC: ${why}`, { data: { started: false } });
  }

  private unauthenticated(why: string): CellError {
    return new CellError("UNAUTHENTICATED", `connecting to ${this.address}: ${why}`, { data: { started: false } });
  }
}
