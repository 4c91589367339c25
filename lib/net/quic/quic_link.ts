import { CellError } from "../../base/mod.ts";
import { type NodeId, shortId, type VerifiedIdentity } from "../identity/mod.ts";
import type { RemotePeer } from "../link.ts";
import { StreamLink, type StreamLinkOptions } from "../stream_link.ts";
import { CloseCode, REASON_LENGTH_MAX } from "./close.ts";
import type { QuicByteStream } from "./quic_stream.ts";
import { unrefLinger } from "./unref_linger.ts";

/** Every connection of this process that carries frames. */
const links = new Set<QuicLink>();

/** A link over the one stream of a QUIC connection. */
export class QuicLink extends StreamLink<RemotePeer> {
  constructor(
    private readonly bytes: QuicByteStream,
    peer: RemotePeer,
    /** Of a link that was dialed; one that was accepted lives as long as its peer wants. */
    private readonly unrefLingerMs: number | undefined,
    options?: StreamLinkOptions,
  ) {
    super(bytes, peer, "quic", options);
    links.add(this);
    bytes.handOver({
      onData: (chunk) => this.onData(chunk),
      onDrain: () => this.onDrain(),
      onClosed: (error) => error === undefined ? this.onClosed() : this.destroy(error),
    });
  }

  override ref(): void {
    unrefLinger.hold(this);
  }

  override unref(): void {
    if (this.unrefLingerMs !== undefined) unrefLinger.release(this, this.unrefLingerMs);
  }

  override onClosed(error?: Error): void {
    links.delete(this);
    unrefLinger.forget(this);
    super.onClosed(error);
  }

  /** Ends the connection at once because of who the peer is, and tells it. */
  expel(error: CellError): void {
    this.bytes.destroy(CloseCode.refused, error.message.slice(0, REASON_LENGTH_MAX));
    this.destroy(error);
  }
}

/**
 * Ends all QUIC connections of this process, accepted or dialed, whose peer fits, at once; both sides' owners get `error`
 * or its message. Returns how many those were.
 */
export function closeQuicLinks(fits: (peer: RemotePeer) => boolean, error: CellError): number {
  const expelled = [...links].filter(({ peer }) => fits(peer));
  for (const link of expelled) link.expel(error);
  return expelled.length;
}

/** Ends all QUIC connections of this process to instances of a node that was revoked. Returns how many those were. */
export function closeQuicLinksOf(node: NodeId): number {
  const error = new CellError(
    "UNAUTHENTICATED",
    `node ${shortId(node)} was revoked: its instances are no longer talked to`,
  );
  return closeQuicLinks((peer) => peer.node === node, error);
}

/** An identity with the address that its packets come from. */
export function peerOf(identity: VerifiedIdentity, address: string): RemotePeer {
  return { kind: "instance", ...identity, address };
}
