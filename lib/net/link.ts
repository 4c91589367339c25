import type { CellError, Writer } from "../base/mod.ts";
import type { Frame } from "../wire/mod.ts";

/** A process of this machine, as the kernel vouches for it. */
export interface LocalPeer {
  readonly kind: "process";
  readonly uid: number;
  readonly pid: number;
}

/** An instance on any machine, as its certificate vouches for it. */
export interface RemotePeer {
  readonly kind: "instance";
  /** The id of the cluster whose authority it stands under. */
  readonly cluster: string;
  /** The id of the node that signed its certificate. */
  readonly node: string;
  /** The name that the cluster's authority has certified to that node. */
  readonly nodeName: string;
  readonly service: string;
  readonly instance: string;
  /** Where its bytes come from, such as "192.0.2.7:41641". */
  readonly address: string;
}

/** Somebody on the network who has not proved who it is: a machine that is about to join, let in to do nothing else. */
export interface AnonymousPeer {
  readonly kind: "anonymous";
  /** Where its bytes come from. */
  readonly address: string;
}

/** The service that commands at a shell call as; its instances are process ids. */
export const COMMAND_SERVICE = "cell";

/** Who is at the other end. */
export type Peer = LocalPeer | RemotePeer | AnonymousPeer;

/** A peer in a log line or an error. */
export function describePeer(peer: Peer): string {
  if (peer.kind === "process") return `process ${peer.pid} of user ${peer.uid}`;
  if (peer.kind === "anonymous") return `somebody without a certificate at ${peer.address}`;
  return `${peer.instance} of node ${peer.nodeName} (${peer.node.slice(0, 8)}) at ${peer.address}`;
}

/** What moves a link's bytes now; "relay": TLS through the agent of the other end's node. */
export type LinkTransport = "memory" | "uds" | "shm" | "quic" | "tls" | "relay";

/** What a link tells its owner. One object serves a link for its whole life, so a frame costs no closure. */
export interface LinkReceiver {
  /** A whole frame. The frame and its bytes are only valid until this returns. */
  onFrame(frame: Frame): void;
  /** A frame announced a longer payload than `payloadBytesMax`: the payload is skipped, `frame` has only its header. */
  onOversized(frame: Frame): void;
  /** The bytes are no frames; the owner says so in a goaway and closes. Nothing is delivered afterwards. */
  onViolation(error: CellError): void;
  /** `queuedBytes` fell below the low-water mark after it had been above the high-water mark. */
  onWritable(): void;
  /** The link is gone. Called once and last; undefined when one of both sides closed it in order. */
  onClose(error: CellError | undefined): void;
}

/**
 * A connection that carries frames both ways, in order. This is the seam between the protocol and whatever moves bytes:
 * memory, Unix sockets, shared memory, QUIC, TLS. `lib/rpc/conformance.ts` is what each of them must pass.
 */
export interface Link {
  readonly peer: Peer;
  /** May become a faster one while the link lives. */
  readonly transport: LinkTransport;
  /** Starts delivery. Called exactly once; nothing is read from the peer before. */
  start(receiver: LinkReceiver, payloadBytesMax: number): void;
  /** Where frames are encoded in place: `beginFrame`, payload, `endFrame`, then `commit`. */
  readonly writer: Writer;
  /** Says that `writer` ends with a whole frame. All frames of one turn of the event loop leave in one write. */
  commit(): void;
  /** Sends what is committed now instead of at the end of the turn. */
  flush(): void;
  /** Bytes that were ever committed. */
  readonly committedBytes: number;
  /** Bytes that the transport has not taken over yet; `committedBytes - queuedBytes` have left this process. */
  readonly queuedBytes: number;
  /** False from the high-water mark of `queuedBytes` until `onWritable`. */
  readonly writable: boolean;
  /** True while a frame has begun to arrive and is not complete. */
  readonly midFrame: boolean;
  /**
   * Delivers now what has arrived, for callers that wait without giving the event loop a turn. Throws FAILED_PRECONDITION
   * where only the event loop can deliver.
   */
  receiveNow(): void;
  /** Stops reading, so that the peer's own queue fills up. */
  pause(): void;
  resume(): void;
  /** Keeps the process alive, as a new link does. */
  ref(): void;
  /** Lets the process end although the link is open. */
  unref(): void;
  /** Sends what is committed, as far as the peer takes it within a bound, then closes. */
  close(error?: CellError): void;
  /** Closes at once and forgets what is queued. */
  destroy(error?: CellError): void;
}
