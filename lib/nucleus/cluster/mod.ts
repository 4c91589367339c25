/**
 * This node among others: how the agent becomes a member of a cluster, stays one, and speaks for its node.
 *
 * **Off until it is asked for.** A single machine opens no port and makes no certificate. The first token or join turns the
 * network on (`cluster.ts`), `cluster.json` remembers it (`cluster_file.ts`), and `leave` turns it off again. All such changes
 * come one after the other, and none begins when the agent is ending. A network that cannot be turned on keeps
 * the agent from nothing else; that, and how a membership ended, says `network_condition.ts` to whoever looks.
 *
 * **While it is on** (`network.ts`) there are four things: an agent's port for QUIC and for TLS of one number (`doorstep.ts`),
 * the gossip (`start_gossip.ts`), connections to other agents, made when one is needed and shared by all that the two say
 * (`peers.ts`), and what this node publishes of its instances (`presences.ts`, `published.ts`). `upkeep.ts` looks every few
 * seconds whether what others know of this node is still so: its instances, its addresses, its clock.
 *
 * **What there is to see** (`overview.ts`) is put together from the locks of this node, the catalog and the members. Whoever
 * follows it shares one look with all that follow the same service, and is not woken for another (`changes.ts`, `watchers.ts`):
 * with a stream for each service of each process, a look for each of them at each change would keep an agent busy with nothing
 * else.
 *
 * **Joining** (`join.ts`, `admission.ts`, `tokens.ts`). A machine has a token: the fingerprint of the authority, a secret,
 * addresses. It makes a key, finds a node by those addresses or by asking the LAN, believes it only if its certificate leads to
 * that fingerprint, and shows the secret, to an agent alone. The node takes a use of the token, durably, and only then
 * certifies the key. The machine writes what it will remember, then who it is, then that both fit: wherever that stops, it is
 * one or the other. Who has left and joins again shows the key that it has, and is who it was.
 * Turned down: trust on first use (whoever answers first is the cluster), a shared password for all time
 * (cannot be taken back from one), joining over QUIC (its listener would have to let clients in without certificates; TLS over
 * TCP works where UDP does not).
 *
 * **Who speaks for what.** The node's key signs certificates, its record and its catalog entries, and never leaves the agent.
 * Every end of every connection is an instance with a key of its own, certified for an hour by the agent of its node after that
 * has looked at the process that asks (`local_process.ts`, `issue_credentials.ts`), each time anew; the agent itself is one of
 * them (`own_credentials.ts`). A process that serves is no command: access lists name it. A certificate is made anew long
 * before it ends, connections go on. The node's own is renewed by whichever node holds the authority's key (`node_renewal.ts`,
 * `gatekeeper.ts`), for the same key and the same name, since managers are known by name.
 *
 * **What agents ask each other** is `peer_schema.ts`, and `peer_service.ts` answers it: exchanging what they know, a sleeping
 * service's start, schemas (`species_schemas.ts`: believed when their fingerprint fits), and two pipes, of which no node takes
 * all (`seats.ts`). `relay` carries bytes to an instance that cannot be reached from outside; what is said in them is encrypted
 * between the two ends. `agent` carries a command at another node to this agent's own methods, so that everything that a
 * command can do here it can do there, without a second set of methods; only those that are meant for others are there.
 *
 * **Names that nobody runs** (`name_search.ts`). The catalog has what runs. A name that it does not have may be deployed
 * somewhere and sleep: the others are asked once for all that wait for it, for half a second, and one that has it starts it.
 *
 * **Removing a node** is a word signed by the authority that spreads by gossip. Whoever hears it closes what is open to that
 * node, here and in every process of this node, which hear it with their next certificate: at once. A node that hears of its
 * own removal turns its network off.
 *
 * Invariants: a use of a token is taken before a certificate is made; an instance is certified only while its process holds its
 * lock; what others are told of an instance ends with its process; nothing here is on the way of a call.
 */
export { Cluster, type ClusterOptions } from "./cluster.ts";
export { ClusterService } from "./cluster_service.ts";
export type { Condition, LocalNode } from "./local_node.ts";
