/**
 * One of two processes with lib/shm's rings between them: `bun ring.ts near one-way|round-trip` creates the memory and
 * says how it is found; `bun ring.ts far one-way|round-trip PID HANDLE` opens it. Then both answer the same requests, a line of
 * stdin each: {"records": N}. The near side's answer is the nanoseconds that a record, or a round trip, took. What is done is
 * what `floor/ring.c` does.
 */
import { assert } from "../../lib/base/mod.ts";
import { RING_BYTES_MAX, RingConsumer, RingProducer, Segment } from "../../lib/shm/mod.ts";
import { effectiveUserId } from "../../lib/sys/mod.ts";

const RECORD_BYTES = 64;
const RECORD_NUMBERS = RECORD_BYTES / 8;
/** As many as a connection polls at once. */
const RECORDS_PER_POLL = 64;
/** Some seconds of looking in vain: by then the other process is gone. */
const LOOKS_MAX = 1 << 28;

const [role = "", mode = "", pid = "", handle = ""] = process.argv.slice(2);
const isNear = role === "near";
const isRoundTrip = mode === "round-trip";
const segment = isNear
  ? Segment.create(RING_BYTES_MAX)
  : Segment.open(JSON.parse(handle), RING_BYTES_MAX, { pid: Number(pid), uid: effectiveUserId() });
const outIndex = isNear ? 0 : 1;
const producer = new RingProducer(segment.ring(outIndex), (from, to) => segment.allocateRing(outIndex, from, to));
const consumer = new RingConsumer(segment.ring(isNear ? 1 : 0));

/** Writes a record of which every number is `value`. */
function produce(value: number): void {
  const { writer } = producer;
  writer.reserve(RECORD_BYTES);
  const { view, length } = writer;
  for (let at = length; at < length + RECORD_BYTES; at += 8) view.setFloat64(at, value, true);
  writer.length = length + RECORD_BYTES;
  producer.commit();
  if (producer.takeWake()) throw new Error("nobody sleeps here");
  for (let looks = 0; producer.queuedBytes > 0; looks++) {
    if (!producer.flush()) assert(looks < LOOKS_MAX, "the other process is there");
  }
}

/** Sums up what comes, and sends it back on a round trip from the far side. */
const sink = {
  view: undefined as DataView | undefined,
  records: 0,
  sum: 0,
  echoes: false,
  onRecord(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    const view = this.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let sum = 0;
    for (let at = start; at < end; at += 8) sum += view.getFloat64(at, true);
    this.records++;
    this.sum += sum;
    if (this.echoes) produce(sum / RECORD_NUMBERS);
  },
};

/** Waits for `count` records by polling without pause. */
function consume(count: number): number {
  sink.records = sink.sum = 0;
  for (let looks = 0; sink.records < count; looks++) {
    if (consumer.poll(sink, RECORDS_PER_POLL) > 0) looks = 0;
    else assert(looks < LOOKS_MAX, "the other process is there");
  }
  return sink.sum;
}

function far(records: number): number {
  produce(0);
  sink.echoes = isRoundTrip;
  const sum = consume(records);
  sink.echoes = false;
  if (!isRoundTrip) produce(sum);
  return 0;
}

function near(records: number): number {
  consume(1); // The far side is here.
  let sum = 0;
  const started = Bun.nanoseconds();
  for (let record = 0; record < records; record++) {
    produce(record);
    if (isRoundTrip) sum += consume(1);
  }
  if (!isRoundTrip) sum = consume(1) / RECORD_NUMBERS;
  const nanos = (Bun.nanoseconds() - started) / records;
  assert(sum === RECORD_NUMBERS * records * (records - 1) / 2, "the numbers that arrive are those that were sent");
  return nanos;
}

console.log(JSON.stringify(isNear ? { handle: segment.handle } : { ready: true }));
for await (const line of console) {
  const { records } = JSON.parse(line) as { records: number };
  console.log(JSON.stringify({ nanos: isNear ? near(records) : far(records) }));
}
