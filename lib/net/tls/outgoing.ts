import { CellError, toCellError } from "../../base/mod.ts";
import {
  alertError,
  alertOfErrorCode,
  createPinnedTrust,
  type Identity,
  type Trust,
  verifyIdentity,
} from "../identity/mod.ts";
import { type RemotePeer, StreamLink, type StreamLinkOptions } from "../mod.ts";
import type { ByteStream } from "../stream_link.ts";
import { AdmissionReader } from "./admission.ts";
import type { LinkRegistry } from "./link_registry.ts";
import type { Shown } from "./peer_certificate.ts";
import { PROTOCOL } from "./secure_options.ts";
import { reasonOf } from "./tls_errors.ts";

/** Whom a connection must reach; what is not named may be anything. */
export interface Expected {
  readonly node?: string;
  readonly service?: string;
  readonly instance?: string;
}

/** Trust in an authority of which nothing but the fingerprint is known: what a token carries to a machine that joins. */
export interface Pin {
  /** SHA-256 of the public key of the authority (DER SubjectPublicKeyInfo), 32 bytes. */
  readonly authorityFingerprint: Uint8Array;
}

/** How a server is checked. */
export interface OutgoingOptions {
  readonly trust: Trust | Pin;
  readonly expect: Expected;
  readonly now: () => number;
  readonly link: StreamLinkOptions | undefined;
  readonly registry: LinkRegistry | undefined;
}

/** A connection that is being made: handshake, certificate, the server's answer, and then a link. */
export class Outgoing {
  private stream: ByteStream | undefined;
  private peer: RemotePeer | undefined;
  /** Once the server has let this side in. */
  link: StreamLink<RemotePeer> | undefined;
  private readonly admission: AdmissionReader;
  private readonly outcome = Promise.withResolvers<StreamLink<RemotePeer>>();
  private isSettled = false;

  /** `address` is what is connected to. */
  constructor(private readonly options: OutgoingOptions, private readonly address: string) {
    this.admission = new AdmissionReader(address);
  }

  /** How far this came, for errors. */
  get stage(): string {
    if (this.stream === undefined) return "nothing answered there";
    return this.peer === undefined
      ? "the other side did not finish the handshake"
      : "the other side did not say whether it lets this one in";
  }

  /** The link, once the server has let this side in. */
  get done(): Promise<StreamLink<RemotePeer>> {
    return this.outcome.promise;
  }

  /** There is a connection; the handshake begins. */
  begin(stream: ByteStream): void {
    this.stream = stream;
    // It came too late.
    if (this.isSettled) stream.terminate();
  }

  /** The stack is done. The client's certificate has not left yet, and does not if the server is not who it has to be. */
  onHandshake(shown: Shown, error: Error | null): void {
    if (this.isSettled) return;
    const { leaf } = shown;
    if (leaf === undefined) return this.fail(this.handshakeError(error));
    if (shown.protocol !== PROTOCOL) {
      return this.fail(
        refusal(this.address, `it does not speak ${PROTOCOL}. Is another version of cell there, or another program?`),
      );
    }
    try {
      const { trust, expect, now } = this.options;
      const identity = verifyIdentity(leaf, this.trustOf(trust, shown), now(), this.address);
      checkExpected(identity, expect, this.address);
      this.peer = { kind: "instance", ...identity, address: this.address };
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  onData(chunk: Uint8Array): void {
    if (this.link !== undefined) return this.link.onData(chunk);
    if (this.isSettled || this.stream === undefined || this.peer === undefined) return;
    try {
      const rest = this.admission.push(chunk);
      if (rest === undefined) return;
      const link = this.link = new StreamLink(this.stream, this.peer, "tls", { gathers: true, ...this.options.link });
      this.isSettled = true;
      this.options.registry?.add(link);
      if (rest.length > 0) link.onData(rest);
      this.outcome.resolve(link);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  onDrain(): void {
    this.link?.onDrain();
  }

  /** The connection is gone. */
  onClosed(error?: Error | null): void {
    const { link } = this;
    if (link === undefined) return this.fail(this.handshakeError(error ?? null));
    this.options.registry?.remove(link);
    link.onClosed(error ?? undefined);
  }

  /** Gives up. Nothing was asked of the server, so nothing was started there. */
  fail(error: unknown): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.stream?.terminate();
    this.outcome.reject(notStarted(toCellError(error, "INTERNAL")));
  }

  private trustOf(trust: Trust | Pin, shown: Shown): Trust {
    if (!("authorityFingerprint" in trust)) return trust;
    const authority = shown.last();
    if (authority === undefined) {
      throw refusal(this.address, "it did not show the certificate of its cluster's authority");
    }
    return createPinnedTrust(authority, trust.authorityFingerprint);
  }

  /** Why there is no handshake: the server's alert if it sent one. */
  private handshakeError(error: Error | null): CellError {
    const { address } = this;
    if (error instanceof CellError) return error;
    const alert = error === null ? undefined : alertOfErrorCode(error.message);
    const refused = alert === undefined ? undefined : alertError(alert, address);
    if (refused !== undefined) return refused;
    const why = error === null ? "it closed the connection" : reasonOf(error);
    return new CellError(
      "UNAVAILABLE",
      `connecting to ${address}: the handshake failed: ${why}. It takes no more connections now, or is another program.`,
      { cause: error ?? undefined, data: { started: false } },
    );
  }
}

function checkExpected(found: Identity, expected: Expected, address: string): void {
  for (const field of ["node", "service", "instance"] as const) {
    const wanted = expected[field];
    if (wanted === undefined || wanted === found[field]) continue;
    throw new CellError(
      "UNAVAILABLE",
      `connecting to ${address}: expected ${field} ${wanted} there, found ${found.instance} of node ${
        found.node.slice(0, 8)
      }. ` +
        "What was known of this address is out of date.",
      { data: { started: false } },
    );
  }
}

function notStarted(error: CellError): CellError {
  const { code, message, retryable, data } = error;
  const details = typeof data === "object" && data !== null ? data : {};
  if ((details as { started?: unknown }).started === false) return error;
  return new CellError(code, message, { retryable, cause: error, data: { ...details, started: false } });
}

function refusal(address: string, why: string): CellError {
  return new CellError("UNAUTHENTICATED", `connecting to ${address}: ${why}`, { data: { started: false } });
}
