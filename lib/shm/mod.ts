/**
 * Connections between processes of one user on one machine, in shared memory: a call there and back in less than a
 * microsecond, where a Unix socket takes 14.
 *
 * **A connection moves while it is used.** It begins on the service's Unix socket, and after a few frames client and server
 * agree to move it (`upgrade/` is that conversation, `move.ts` carries it out). The protocol above (`lib/rpc`) sees one
 * `Link` all the time: `LocalLink`. The socket stays as the doorbell that wakes who sleeps, and as the kernel's word that
 * the peer is gone. Whatever keeps a connection from moving leaves it where it is. `lib/sys` says how memory is shared
 * without a name that could be guessed or left behind.
 *
 * **Waiting** decides everything else: `Poller` looks after all connections of a process, `Pace` says for each whether it
 * is worth staying awake for. `docs/decisions/0018-waiting-is-a-guess.md` has the options and their figures.
 *
 * **Layout.** A segment is a control page and two rings, client to server and server to client. Offsets in bytes:
 *
 *     0     ring 0: tail      0   written by its producer: bytes ever produced, modulo 2^32
 *                   head    128   written by its consumer: bytes ever consumed, modulo 2^32
 *                   sleeps  256   1 while the consumer wants the doorbell
 *                   waits   384   1 while the producer wants the doorbell
 *     512   ring 1: the same
 *     4096  ring 0: its bytes, at most ringBytesMax
 *     4096 + ringBytesMax: ring 1's
 *
 * Each control word has 128 bytes to itself, because processors fetch cache lines in pairs: neither side takes away a line
 * that the other one is writing. A side's own position is a field of its object, the word is how the other side learns of
 * it, and each looks at the other's word only when what it knew is used up: a stream of records touches shared words a few
 * times per lap, and an empty ring costs one load per look.
 *
 * A record is a 4-byte length and that many bytes, at a multiple of 8, never across the end of a lap: what is decoded is
 * always one piece. A place at the end that is too short is skipped by a marker (`wrap`). Positions count bytes and are
 * taken modulo the capacity, a power of two, so "full" and "empty" are different distances. A record is normally one
 * frame, encoded where it lies and decoded where it lies. Frames that do not fit wait in the heap and follow in pieces.
 *
 * A ring begins with 32 KiB of memory and has addresses for more. It doubles at the end of a lap with an even number, by the
 * marker `grow` in place of `wrap`: then the next position is, modulo the doubled capacity, the first byte of the half
 * that has never been used. Nothing moves, no unread record is in the way, and "tail - head is at most the capacity" goes
 * on being true for both sides, whether or not they have met the marker.
 *
 * **Memory order.** Bytes of records and headers are read and written plainly, control words through Atomics, which are
 * sequentially consistent. Three orders matter:
 *
 * 1. A record before its publication: its bytes must be seen before the store of `tail`. x86 keeps stores in order by
 *    itself; on ARM the store is `stlr`, a release.
 * 2. The publication before the bytes: a record must not be loaded before the `tail` that announced it, and `head` not be
 *    stored before the last load of a record. x86 does neither; on ARM it takes `ldar` and `stlr`.
 * 3. The publication before the question whether the other side sleeps. The producer stores `tail`, then loads `sleeps`; the
 *    consumer stores `sleeps`, then loads `tail`. One of them must see the other's store, or a record lies there and
 *    nobody wakes. x86 does not keep this order either: it takes the full fence that a sequentially consistent store
 *    is (`xchg`; on ARM `ldar` is not made before an earlier `stlr`). The same pair stands between `head` and `waits`.
 *    Hence some 6 ns per record, and nothing cheaper as long as no wake-up may be lost.
 *
 * A wish (`sleeps`, `waits`) is taken by `Atomics.exchange`, so a doorbell rings once however many look; one ring too many
 * is harmless, one too few is not. `ring_interleavings.test.ts` runs the real classes through every order of their atomic
 * steps. Orders 1 and 2 on ARM no test on x86 or under an emulator can show: they rest on Atomics alone.
 *
 * **Death.** A process may be killed between any two instructions, and the other side finds the memory as it was then.
 *
 * | the producer dies              | the consumer finds                                                                  |
 * | ------------------------------ | ----------------------------------------------------------------------------------- |
 * | while it writes a record       | nothing: what lies beyond `tail` is never looked at                                 |
 * | after storing `tail`           | the record, whole; if nobody rang for it, the socket's end wakes the consumer        |
 * | between two pieces of a frame  | an incomplete frame, which is dropped with the connection                           |
 *
 * | the consumer dies              | the producer finds                                                                  |
 * | ------------------------------ | ----------------------------------------------------------------------------------- |
 * | while it reads a record        | that record still counted as unread: room is never given back while it is read       |
 * | at any time                    | a ring that gets full; frames wait in the heap until the socket says it is gone      |
 *
 * No lock is ever held, so none is left behind; each word has one writer (but for the wishes, whose loss costs one
 * doorbell), and every state between two stores is valid in its own right. `ring_crash.test.ts` stops both sides at every
 * step.
 *
 * **Hostile peers.** Both processes belong to one user, but one may be broken or taken over. Each side trusts its own
 * fields only. The peer's position is loaded once per look and must be a possible one; a header is loaded once and must fit
 * what is published and what is left of the lap; anything else is a violation and the end of the connection. A poll is
 * bounded by what was published when it began and by `RECORDS_PER_POLL`. What a decoder reads may change under it:
 * `lib/schema/codec` says how it is read nevertheless.
 *
 * Turned down: a futex or a lock in the memory (who dies with it blocks the other, and the runtime cannot wait on memory
 * that it has not made); records with a "ready" flag instead of `tail` (the consumer would read lines that are being
 * written, and a ring must be cleared behind it); the same memory mapped twice in a row, so that no record meets the end
 * (two mappings, and an ArrayBuffer over both of which one half changes behind the other's back); rings large enough
 * for a message of 1 MiB in place (slower: pieces overlap the two sides' copying, one large record does not).
 *
 * Invariants: frames arrive once and in order, across the move too; a link that sleeps has asked for the doorbell for
 * whatever it waits for; nothing of the poller runs while all connections sleep; memory is given back when the connection is
 * gone, whichever side died how.
 */
export {
  dialLocal,
  type DialLocalOptions,
  listenLocal,
  type ListenLocalOptions,
  type LocalTransport,
} from "./local.ts";
export { RING_BYTES_MAX } from "./layout.ts";
export { SHARED_BYTES_MAX } from "./memory_budget.ts";
export { RingConsumer } from "./ring_consumer.ts";
export { RingProducer } from "./ring_producer.ts";
export { Segment } from "./segment.ts";
