/**
 * How a connection that is in use moves from its Unix socket into shared memory: what the two sides say to each other, what
 * each may say when, and how each shows that it is the same user's. `docs/protocol.md` is the normative text.
 *
 * **The connection moves while calls go over it.** Each direction moves for itself, at a frame of its own that says so:
 * everything before that frame is in the socket, everything after it in the ring, so the order of frames is what it was and
 * the protocol above notices nothing. Turned down: deciding before the first call (one-shot commands, most processes
 * that ever connect, would pay a round trip and a mapping for nothing), and a connection in shared memory beside the one
 * on the socket (calls in flight, limits and goaways would have to be carried over).
 *
 * **Each side proves that it has the user's secret**, over both sides' fresh nonces, before memory is mapped. The kernel
 * has said already that both are the same user; the proof keeps out a process that runs as this user and was given only a
 * socket, in a container or a sandbox, not the home. Each direction has a label of its own, or whoever knows nothing could
 * hand a proof back to the side that it came from.
 *
 * **Nothing is lost when it does not work out.** Until the memory is mapped by both, either side may leave it at the
 * socket. After that, and for whatever a correct peer never says, the connection ends.
 *
 * Both sides are state machines without I/O, time or memory of their own: payloads come in, actions go out, and a driver of
 * a few lines does them (`lib/shm`'s link). So every message can be tried in every state.
 */
export type { UpgradeAction } from "./action.ts";
export { ClientUpgrade, type ClientUpgradeOptions } from "./client_upgrade.ts";
export { UPGRADE_VERSION } from "./fields.ts";
export { type MemoryHandle, readUpgrade, type UpgradeMessage, writeUpgrade } from "./message.ts";
export { SECRET_BYTES } from "./proof.ts";
export { ServerUpgrade, type ServerUpgradeOptions } from "./server_upgrade.ts";
