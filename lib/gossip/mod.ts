/**
 * Which machines there are and what runs on them, known to all of them without a master. Three cores that do no I/O, and a driver
 * that connects them with the network:
 *
 *     core/       who is a member: SWIM with Lifeguard. Gives packets, and says when two nodes are to compare everything
 *     catalog/    which instances there are: signed entries that merge without conflict
 *     seal/       datagrams under a secret of the cluster, each to be opened once
 *     discovery/  the local network: hello of members, seek of those who want to join
 *     here        `GossipNode`: one UDP socket, one timer. `GossipState` ties the cores together and does no I/O either
 *
 * **Two ways between nodes.** Datagrams carry probes, rumours and hellos: small, sealed, allowed to get lost. What must
 * arrive, is large, or is secret (keys) goes over a stream, which somebody else makes: `GossipStreams`. Both ends of a stream
 * are authenticated by their certificates. An exchange is bytes in and bytes out (`beginExchange`, `answerExchange`,
 * `finishExchange`), so that whoever carries it knows nothing of what is inside; who answers keeps nothing between two messages.
 * It begins with digests: what both know is not sent again. Two nodes that know the same exchange some 300 bytes, and 25 for
 * each node that has instances.
 *
 * **What a node says of itself** is its record (`NodeRecord`): addresses, ports, place and certificate, signed with its key, at
 * most 1,024 bytes, mostly below 600. Everybody checks it up to the authority: id, certificate, time, revocation, signature. So
 * membership cannot be made up, by whoever has the cluster's key either. A checked certificate is remembered
 * (`RecordBook`); time and revocation are looked at every time.
 *
 * **Finding each other.** A node that has a key says hello: to everybody on the local network, and at the addresses of seeds and of
 * those that it met before (`Knocker`). Names are looked up again at every try. Who hears the hello of somebody unknown says
 * hello back, and the newcomer connects to the first that does; where it cannot, the other connects to it a second later
 * (`Greeter`). So one open direction is enough, and a newcomer among a hundred makes one connection. A node that has
 * no key, or an old one, is not heard; it goes to the node ports of those that it remembers, over a stream. Seeds go on being
 * knocked at once a minute, unless they are seen: two halves that have forgotten each other become one again.
 *
 * **Addresses are hints.** A datagram's sender is inside, sealed; where it seems to come from only chooses among the
 * addresses that its sender has signed (`Routes`). An address that is silent gives way to the next.
 *
 * **Keys** are renewed daily by the member with the smallest id, by others if it does not, and by whoever revokes a node. That
 * there is a new one is a broadcast, which carries its id only; who lacks it fetches it from who told of it. A key that turns up
 * unannounced at a member's address is fetched from there, once in ten seconds: the address may be forged.
 *
 * **Clocks** that differ by more than is tolerated part two nodes. Who ignores a hello for that greets its sender now and then,
 * who ignores that in turn: so both can tell their owners (`ClockSkews`).
 *
 * **Revocation** is a word signed by the authority. It travels as a broadcast and in every exchange, is kept across restarts by
 * the owner, and comes before everything else in a message: the node is forgotten, its entries go, its datagrams and records are
 * refused, its connections are to be closed (`onRevoked`), and a key that it does not know follows.
 *
 * **Turned down.** Membership over streams alone (a thousand connections per node, or an overlay to maintain); TCP for what UDP
 * does not deliver, as memberlist does with plain TCP (the streams are there, and authenticated); sending keys with
 * the join answer only (a rotation would shut out whoever was away); a queue for datagrams that the kernel does not take (old
 * news); `sendMany` (measured: 3.1 us against 3.5 us a datagram, and packets of one tick go to different nodes); names in place of
 * addresses within membership (each node would resolve them differently; they are resolved where the datagram is sent).
 *
 * Found about the runtime's UDP (Bun 1.4.5). A send fails with ECONNREFUSED because of an *earlier* datagram to another
 * destination, and the error is gone then: `UdpSocket` tries twice. `error` handlers are called with the error alone, not
 * with the socket first. A socket at "::" sends and hears IPv4 too, and gives such peers as ::ffff:a.b.c.d. Sending to names is
 * refused. What it says of multicast stands in discovery/.
 *
 * Invariants: nothing that comes from outside throws out of a socket's or a timer's callback; all tables, queues and
 * rates have a bound with a name; nothing is believed of a revoked node; a node without a key is silent; after `stop` there is no
 * socket, no timer and no callback; sockets and timers keep no process alive.
 *
 * Cost (`bun lib/gossip/testing/measure.ts`): at rest a node sends 2 datagrams and 224 bytes a second and takes 0.14 % of a core,
 * among 10 and, as each node probes one other at a time, among 1,000; reading the record of a node that was not known takes 0.2 ms.
 */
export type { ClockSkew } from "./clock_skew.ts";
export type { Contact } from "./contact.ts";
export { formatContact, parseContact } from "./contact.ts";
export {
  DEFAULT_MULTICAST,
  type MulticastOptions,
  SEEK_TIMEOUT_MS,
  seekCluster,
  seekKeyOf,
  type SeekOptions,
} from "./discovery/mod.ts";
export { EXCHANGE_BYTES_MAX } from "./exchange_message.ts";
export { EXCHANGE_TIMEOUT_MS } from "./exchange_runner.ts";
export { GossipNode, type GossipStats } from "./gossip_node.ts";
export {
  type Clocks,
  type ClusterMember,
  type GossipEvents,
  type GossipOptions,
  type GossipStreams,
} from "./gossip_options.ts";
export { GOSSIP_PORT } from "./ports.ts";
export { NODE_ADDRESSES_MAX, type NodeFacts, type NodeRecord } from "./node_record.ts";
export { type StreamTarget, targetOf } from "./stream_target.ts";
