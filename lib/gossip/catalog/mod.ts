/**
 * Which instances there are, on all nodes, known to every node: so that finding one is a look into memory, and works
 * while half of the network is away. No I/O, no clock, no keys of its own: time and bytes come in, what is to be sent
 * comes out, signing and verifying are functions that are given.
 *
 * **Who may say what.** A node owns the entries of its own instances, and signs each. So merging needs no agreement:
 * there is one writer for each thing, and a member that lies can lie about itself only. What is old costs little: a
 * call to an instance that is gone has not been started and goes to the next one. What a node cannot sign, such as
 * that another one is dead, is the membership's business: it hides what it says is gone, and forgets it an hour later;
 * a node that comes back as it was is seen again without a word.
 *
 * **One record** says of one instance that it is so, or that there is none any more (a tombstone). It has a version;
 * of two, the greater version is kept, and of one version used twice the greater bytes: a last-writer-wins register
 * for each instance (Shapiro, Preguiça, Baquero, Zawirski 2011), in which order and repetition do not matter. Versions
 * are a hybrid logical clock (Kulkarni et al. 2014): the wall clock, or one more than the last where that is not above
 * it. So an owner that restarts is above its life before, and a tombstone's version says how old it is. Versions more
 * than a day ahead of the clock are refused, which is why none can be so great that its owner cannot get above it.
 *
 * **News travel twice.** `put` and `remove` give a broadcast, which each node passes on when it was news to it:
 * seconds, with some loss. Now and then two nodes compare (anti-entropy, Demers et al. 1987): a hash of each owner's
 * records, 25 bytes each; for those that differ, which versions there are; and then only the records that one of both
 * lacks. Equal catalogues exchange one digest and nothing else, and nothing is sent of owners that are gone, or two
 * nodes would keep a dead one's entries alive between them. Each message has at most 128 KiB. How a driver carries it,
 * in two requests:
 *
 *     asks:    first = digest()                                  answers: merge(first), reply diff(first)
 *     asks:    merge(reply), second = diff(reply)                answers: merge(second), reply diff(second)
 *     asks:    merge(reply)                                      and again at once where hasMore(reply)
 *
 * An empty message ends the round. What `merge`, `receive` and `tick` return is to be broadcast, on both sides.
 *
 * **What is removed stays removed** while its tombstone is known: two hours, by the time in its version, so that all
 * forget it together and nobody hands it back. Who slept longer may bring an old entry back; it reaches its owner, who
 * buries it again above that version. The same corrects what an owner does not know of its life before it restarted.
 * Of a dead owner nothing can be corrected, and nothing is seen.
 *
 * **Load** is coarse and changes all the time. It alone is published when it is an eighth of the scale (`loadStep`)
 * away from what was published: a distance, not a border, so what wavers says nothing. And no more than every ten
 * seconds; what was held back comes with a later `tick`, as it is then.
 *
 * **What holds always**
 * - All that have seen the same records see the same instances; all live nodes that push and pull agree, whatever was
 *   lost, doubled, reordered, parted or restarted (convergence.test.ts, with clocks that are minutes apart).
 * - Nothing from outside throws. What is refused is counted by its reason, what somebody should know is reported once.
 * - Who floods the catalogue pushes out its own oldest entries (`entriesPerOwnerMax`), and everybody keeps the same of
 *   them. When all is full, whoever has most makes way for whoever has less, nodes that are gone first, and again
 *   everybody keeps the same; except that a node's own entries always have their place in its own catalogue.
 * - A look-up takes as long as its result is long. A signature is verified when everything cheaper has spoken for the
 *   record.
 *
 * **Turned down.** One document for each node, as Serf's tags: at a hundred instances it fits into no datagram, and
 * each change costs all of it. A registry behind consensus: right for what must not be wrong, but the minority of a
 * partition could not even find its own neighbors. Version vectors: they tell concurrent writers apart, and here is
 * one writer. Observed-remove sets with dots: they do without tombstones by carrying what was seen of every writer
 * along; for one writer that vector is a number, but whoever misses one broadcast could take nothing after it. A
 * number of the life (boot) that ends all records of earlier lives at once: a clock that was set back would silence
 * the node, and instances outlive their agent. Merkle trees: at 1,000 owners a flat digest has 25 KB, and each level
 * of a tree is another trip. Trusting members instead of signatures: any one of them could then end everybody's
 * services.
 *
 * **Figures**, 1,000 nodes with 10 instances each, on two cores that other work kept busy five times over (`bun
 * lib/gossip/catalog/testing/measure.ts`): 9.3 MB; a digest of 25,037 bytes, made in 0.1 to 0.25 ms; a record taken in
 * 80 to 115 µs with its Ed25519 signature; a service's 1,000 instances found in 2 to 5 µs; a node without anything gets
 * all in 11 rounds, 1.5 MB and 0.8 to 2 s. A catalogue of 100,000 entries (`measure.ts 100 1000`) has 96 MB of heap.
 */
export { Catalog, type CatalogSetup, type Item, MERGE_NEWS_MAX } from "./catalog.ts";
export {
  type CatalogEntry,
  type Health,
  HEALTHS,
  INSTANCE_LENGTH_MAX,
  LOAD_MAX,
  type NodeId,
  type OwnEntry,
  SERVICE_LENGTH_MAX,
} from "./entry.ts";
export { type CatalogOptions, DEFAULTS } from "./options.ts";
export { CORRECTIONS_MAX, CORRECTIONS_WINDOW_MS } from "./publisher.ts";
export { ITEM_BYTES_MAX, RECORD_BYTES_MAX, SIGNATURE_BYTES, type Signer, type Verifier } from "./record.ts";
export { DIGEST_OWNERS_MAX, hasMore, SYNC_BYTES_MAX } from "./sync_message.ts";
export { type CatalogReport, type CatalogStats, type Refusal, REPORTS_MAX } from "./tally.ts";
