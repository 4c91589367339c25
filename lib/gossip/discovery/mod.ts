/**
 * Discovery: nodes on one network find each other, and their cluster, without an address being typed.
 *
 * Everything is a datagram to one multicast group that stays on the link (TTL 1), sealed, so whoever listens learns that there
 * is a cell, and nothing else. Two questions are asked there:
 *
 * - **hello** (`helloDelayMs` says when): a member shows its record, sealed under the cluster's key. Who does not know it gets in
 *   touch with it over an authenticated stream. A lost hello costs time only, and a false one is impossible without the key.
 * - **seek** (`seekCluster`): a machine that has nothing but a token asks where to join. It seals the question under a key made
 *   from the token's secret; nodes that know the token (`SeekAnswerer`) answer to the asking socket alone, under the same key.
 *   The key's id is made from the secret, too, so a recorded question does not even say which token it was.
 *
 * Nothing here is trusted further than a hint where to connect: the stream that follows checks certificates, and a joining
 * node the fingerprint in its token.
 *
 * Turned down: mDNS/DNS-SD (names every node and its services to the whole network, and there is one responder per machine
 * to fight over port 5353); broadcast (wakes every machine, and has no IPv6 future either); an answer by multicast (every
 * node would hear it); clocks in seek (a machine that joins may not have its time yet: a challenge does the same).
 *
 * Several nodes of one machine share the port. The receiving socket is node:dgram's with `reuseAddr`; Bun.udpSocket can share
 * a port by an undocumented flag only. The sending one is Bun's: with node:dgram, which sends later than it is called, choosing
 * an interface before each send made all copies leave on the last one chosen.
 *
 * Bounds: 64 tokens are tried and looked up once a second, 20 answers at once and 10 a second are given, 3 to one question; an answer is never longer than its
 * question. Interfaces that come later are joined with the next hello.
 */
export { helloDelayMs } from "./hello_schedule.ts";
export { ownInterfaces } from "./interfaces.ts";
export { DEFAULT_MULTICAST, type MulticastOptions, validateMulticast } from "./multicast_options.ts";
export { MulticastReceiver } from "./multicast_receiver.ts";
export { MulticastSender } from "./multicast_sender.ts";
export { SeekAnswerer, type SeekKnowledge } from "./seek_answerer.ts";
export { SEEK_TIMEOUT_MS, seekCluster, type SeekOptions } from "./seek_cluster.ts";
export { seekKeyOf } from "./seek_key.ts";
