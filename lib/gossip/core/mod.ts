/**
 * Who is in the cluster, and who is not any more, among machines that have no master to ask. SWIM ("SWIM: Scalable
 * Weakly-consistent Infection-style Process Group Membership Protocol", Das, Gupta, Motivala 2002) with the three extensions of
 * Lifeguard ("Lifeguard: Local Health Awareness for More Accurate Failure Detection", Dadgar, Phillips, Currey 2018). Each
 * extension is a switch, so plain SWIM (`PLAIN_SWIM`) is the same code, and the difference can be measured. The pace
 * follows memberlist, whose presets years of use have settled.
 *
 * **One probe at a time.** In each interval a node pings one other, the next in a random order of all (probe_order.ts). No
 * answer in time: three others ping it too, and a stream is tried (prober.ts). Nothing by the end of the interval: it is
 * suspected. Load per node does not depend on the number of nodes, nor does the time until somebody notices a crash.
 *
 * **Suspicion before death.** A suspect has time to refute: it hears of the accusation and signs a record with a higher
 * incarnation, which beats everything that was said of the lower one. Claims about one member are ordered by incarnation and
 * within it alive < suspect < failed < left, so everybody ends up with the same belief whatever the order of
 * hearing (beliefs.ts).
 *
 * **Doubt yourself first.** Most wrong accusations come from the accuser: it is slow, and hears answers late. Who gets no
 * answers, not even a nack from those it asked, or is accused itself, raises its awareness score and probes more slowly
 * (LHA-Probe, awareness.ts). A suspicion that nobody confirms lasts six times as long as one that three have
 * (LHA-Suspicion, suspicion.ts). A ping to a suspect carries the suspicion, so its answer carries the refutation (buddy
 * system). And, beyond the paper: a process that was not running notices it by its own timers, and moves the deadlines of
 * all others by that time (`forgivesLostTime`).
 *
 * **Rumours ride along.** News is told least-told first, each a number of times that grows with the logarithm of n, in
 * every packet that goes out anyway and in packets of its own while there is some (broadcast_queue.ts). The driver's own
 * broadcasts travel the same way, after news of members. At rest nothing but probes is sent, and no timer runs for gossip.
 *
 * **Push/pull repairs what gossip missed.** Two nodes compare digests of 8 bytes over a stream, and exchange states when they
 * differ (state_document.ts). That another holds somebody for failed is an accusation, no fact: a member that lives refutes
 * it. Failed members are tried again now and then, so a partition that is over heals by itself.
 * Only nodes that moved to other addresses meanwhile, all of them, cannot be found that way: the driver goes on trying the
 * contacts it has (`contact`) even when it knows somebody.
 *
 * **Who lives does not stay gone.** Nobody signs that a member failed or left: a dead one could not. It is believed at once,
 * and told to that member by a few of those who hear it, and by whoever hears from it later (`hasSpoken`): it contradicts
 * within a round trip.
 *
 * **What may come from a hostile member.** Records are signed by their owners (the driver's `RecordReader` says so), and a node
 * believes only incarnations for which it has seen the record; accusations carry no signature, so they are believed only
 * about an incarnation that is proven, and the accused itself follows an unproven one at most INCARNATION_JUMP_MAX
 * upwards (own_record.ts). So nobody can push a member to the end of the numbers. Forged accusations cost their victim
 * a refutation each; whoever holds the cluster's key can do that, and is better revoked. A probe for another goes to
 * members that are known only. Bytes are parsed with every length checked first, and a packet with anything wrong is
 * refused whole.
 *
 * Invariants, held by the simulations beside this (testing/):
 * - a member's incarnation never falls while it is remembered, and its record is one that its owner signed;
 * - whoever is alive and can be reached ends up alive with all, whatever was lost, doubled, late, cut, stalled or restarted;
 * - tables, queues and packets stay within the bounds of limits.ts; no input throws or loops;
 * - the tick that `nextAtMs` asks for leaves nothing due.
 *
 * **Turned down.** A heartbeat of each node to all, or through a gossiped table of counters: n² messages, or detection times
 * that grow with n. An accrual detector (phi): it learns how regular heartbeats are and needs a steady stream of them from each
 * to each. A fixed overlay that is repaired (HyParView): fewer packets for very many nodes, but a view of some and not of
 * all, and all is what the catalogue and routing need. Consensus over membership: a minority could not say who is gone.
 * Incarnations believed on any claim, as in memberlist: one forged number ends a member's ability to refute.
 */
export type { Change, Effect } from "./effect.ts";
export {
  ADDRESS_BYTES_MAX,
  BROADCAST_BYTES_MAX,
  BROADCASTS_MAX,
  CONTACTS_MAX,
  INCARNATION_JUMP_MAX,
  INCARNATION_MAX,
  MEMBERS_MAX,
  RECORD_BYTES_MAX,
  RELAYS_MAX,
} from "./limits.ts";
export {
  isLive,
  type MemberState,
  type MemberView,
  type NodeId,
  type RecordFacts,
  type RecordReader,
  type Self,
} from "./member.ts";
export { Membership } from "./membership.ts";
export { DEFAULTS, LAN, LOCAL, type MembershipOptions, PLAIN_SWIM, WAN } from "./options.ts";
export { DIGEST_BYTES, STATE_BYTES_MAX } from "./state_document.ts";
export type { MembershipStats, Refusal } from "./stats.ts";
