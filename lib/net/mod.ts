/**
 * Connections: a `Link` carries whole frames between two processes, whatever moves the bytes. The protocol above it
 * (`lib/rpc`) knows nothing else of the network.
 *
 * Turned down: node:net sockets (they put a stream machinery with its own buffers between us and the kernel; the
 * runtime's own sockets write straight through and say how much was taken); one write per frame (a system call costs more
 * than encoding a call); waiting for the end of the event loop's turn with setImmediate (half a microsecond and a poll
 * later than a microtask, which already runs after all that the same chunk set off).
 *
 * Sending: frames are encoded in place into the link's buffer. The first commit of a turn schedules one flush, so all
 * frames of the turn leave in one system call; beyond FLUSH_BYTES they leave earlier. What the kernel does not take stays
 * in the buffer until it drains.
 *
 * Memory: a link above QUEUE_HIGH_BYTES is not writable. The protocol then encodes no further result or stream item and
 * stops reading from that link, so a peer that never reads makes its own queue wait, no one else's: what is held for it is
 * at most the high-water mark, one message, and the small frames that one chunk of its own can provoke. A peer that takes
 * nothing for STALL_MS, or stops in the middle of a frame for as long, is disconnected.
 *
 * Trust: a Unix socket is created with mode 0600 under a name beside the final one and renamed when it listens. Each side
 * asks the kernel who the other is (SO_PEERCRED) before a byte is read: the same user and root may talk, nobody else.
 * Paths longer than sockaddr_un holds get a short name for the moment of binding or connecting (`socket_path.ts`).
 *
 * Invariants: `onClose` is called exactly once and last; frames arrive in order, each exactly once; after `destroy` or
 * `close` no frame is delivered; `committedBytes - queuedBytes` never counts a byte that the kernel did not take.
 */
export {
  CANDIDATES_MAX,
  type Dial,
  type DialCandidate,
  dialFirst,
  type DialFirstOptions,
  STAGGER_MS,
} from "./dial_first.ts";
export {
  type AnonymousPeer,
  COMMAND_SERVICE,
  describePeer,
  type Link,
  type LinkReceiver,
  type LinkTransport,
  type LocalPeer,
  type Peer,
  type RemotePeer,
} from "./link.ts";
export { memoryLinks } from "./memory.ts";
export { lost, STALL_MS, type Stallable, StallWatch } from "./stall_watch.ts";
export {
  CLOSE_LINGER_MS,
  FLUSH_BYTES,
  QUEUE_HIGH_BYTES,
  QUEUE_LOW_BYTES,
  StreamLink,
  type StreamLinkOptions,
} from "./stream_link.ts";
export { dialUnix, type DialUnixOptions, type Listener, listenUnix, type ListenUnixOptions } from "./unix.ts";
