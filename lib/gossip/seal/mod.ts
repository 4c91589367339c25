/**
 * Sealing: gossip datagrams under a secret that the nodes of a cluster share, so that nobody else reads, forges or replays
 * them.
 *
 * Turned down: DTLS or QUIC datagrams between all nodes (a connection per pair: at 1,000 nodes a million, for a packet a
 * second each); a signature on every datagram (64 bytes of 1,200, and ten times what opening costs; what must not be forged
 * by a member, records and catalogue entries, is signed inside); WebCrypto (promises, and three times the processor time);
 * ChaCha20-Poly1305 (the runtime's node:crypto has no such cipher). `docs/decisions/0023-gossip-is-sealed.md` has the
 * figures.
 *
 * **A datagram**: key id (4), nonce (12), then sealed with AES-256-GCM: version (1), kind (1), sender (16), boot (6),
 * sequence (6), clock (6), payload; then the tag (16). Numbers are little-endian. It is at most 1,232 bytes, which every
 * link carries in one piece. An outsider sees a key's id, how long datagrams are, and when they are sent.
 *
 * **Nonces** are random, so 2^32 datagrams may be sealed under one key (`MESSAGES_PER_KEY_MAX`). 1,000 nodes that send 30 a
 * second make 2.6 billion of them in a day; keys rotate daily, and earlier when more are sealed.
 *
 * **Keys** travel over authenticated streams only. A new one is handed on for `adoptMs` before anybody seals under it, or
 * until somebody does; then the others open what comes for an hour, or for a minute when a revoked node knows them. The
 * later of two keys wins, so nodes that rotate at once end up with one, unless its time is still to come: it was made while a
 * clock was wrong, others refuse it, and it waits. Expiry follows the times inside the keys, not the
 * moment at which each node heard of them: otherwise a key that one node has forgotten would be new again to it.
 *
 * **Replay.** Each start of a node is an epoch (its boot) with sequence numbers from 1; a receiver remembers the newest boot of
 * a sender and a window of 992 numbers (RFC 6479). Clocks may be 10 minutes off. A receiver that restarts remembers nothing, so
 * what was recorded in the last 10 minutes can be played to it once: membership and catalogue are ordered by versions that
 * their owners signed, and take no harm. Whoever steps its clock by more than a minute begins a new boot, so a machine
 * whose clock was wrong at its start is heard as soon as it was set. A boot that looks older than the one before, since the
 * clock was set back in between, is taken from the moment at which its clock has passed all that was heard.
 *
 * **What a member could do.** The secret is shared, so a member can claim to be another as the sender of a datagram, and so
 * make others refuse that one's datagrams or suspect it. It cannot change what another node says of itself. It is a node
 * with a certificate of the authority; the remedy is to revoke it.
 *
 * Invariants: nothing is opened twice within the memory of a process; a datagram that has not been authenticated changes
 * nothing but a counter; refusing one costs a look-up where its key id is unknown, and the check of a tag where it is not; every
 * table has a bound.
 */
export { type ClusterKey, createClusterKey, readKeys, writeKeys } from "./cluster_key.ts";
export {
  DATAGRAM_BYTES_MAX,
  DATAGRAM_OVERHEAD_BYTES,
  type DatagramHeader,
  DatagramKind,
  PAYLOAD_BYTES_MAX,
} from "./datagram.ts";
export { DatagramSeal, type Refusal, type RefusedDatagram } from "./datagram_seal.ts";
export { KeyRing, KEYS_MAX } from "./key_ring.ts";
export { DEFAULT_KEY_RING_OPTIONS, type KeyRingOptions } from "./key_ring_options.ts";
export { RateBucket } from "./rate_bucket.ts";
export { keyIdOf, MESSAGES_PER_KEY_MAX, SEAL_OVERHEAD_BYTES, SealingKey, SECRET_BYTES } from "./sealing_key.ts";
export { SENDER_BURST_MAX, SENDER_RATE_MAX } from "./sender_table.ts";
