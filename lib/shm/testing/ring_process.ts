/**
 * Two processes that talk through rings and ring each other's doorbells, for tests: started with the number of records and a
 * seed, it starts the other one itself, sends it the records, has a checksum of them sent back now and then, and prints what
 * happened. Both fall asleep at random moments; a wake-up that is lost leaves them there.
 */
import { writeSync } from "node:fs";
import { assert, KIB, seededRandom } from "../../base/mod.ts";
import { effectiveUserId } from "../../sys/mod.ts";
import { RING_BYTES_MAX } from "../layout.ts";
import { RingConsumer } from "../ring_consumer.ts";
import { RingProducer } from "../ring_producer.ts";
import { Segment } from "../segment.ts";

/** After this many records the far side says what it has summed up. */
const RECORDS_PER_CHECK = 1_000;
/** Checks that may be under way: with more, one side would only ever wait for the other. */
const CHECKS_MAX = 8;
const QUEUE_BYTES_MAX = 256 * KIB;
const RECORDS_PER_POLL = 64;
/** Looks at an empty ring before falling asleep: a random number below this. */
const LOOKS_MAX = 60;
/** After this many looks in a row the event loop has a turn. */
const LOOKS_PER_TURN = 20;

/** What the near side prints. */
export interface RingRun {
  records: number;
  bytes: number;
  checks: number;
  /** How often a side slept, and how often it woke the other. */
  nearSleeps: number;
  nearRings: number;
}

/** One end of the pair of rings, with its doorbells. */
class End {
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
  sleeps = 0;
  rings = 0;
  private heard = Promise.withResolvers<void>();
  private hasRung = false;

  constructor(segment: Segment, out: 0 | 1, private readonly ringBell: () => void, readonly random: () => number) {
    this.producer = new RingProducer(segment.ring(out), (from, to) => segment.allocateRing(out, from, to));
    this.consumer = new RingConsumer(segment.ring(out === 0 ? 1 : 0));
  }

  /** The other side rang. */
  onBell(): void {
    this.hasRung = true;
    this.heard.resolve();
  }

  /** After a commit, a flush or a poll. */
  wakeOther(): void {
    const isWanted = this.producer.takeWake();
    if (!this.consumer.takeRoomWake() && !isWanted) return;
    this.rings++;
    this.ringBell();
  }

  /** Calls `work` until it says that it is over; falls asleep now and then when it finds nothing to do. */
  async run(work: () => "busy" | "idle" | "over"): Promise<void> {
    let looks = 0;
    for (let outcome = work(); outcome !== "over"; outcome = work()) {
      if (this.producer.flush()) outcome = "busy";
      this.wakeOther();
      looks = outcome === "busy" ? 0 : looks + 1;
      if (looks > this.random() * LOOKS_MAX) {
        await this.sleep();
        looks = 0;
      } else if (looks % LOOKS_PER_TURN === LOOKS_PER_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    while (this.producer.queuedBytes > 0) {
      if (!this.producer.flush()) await this.sleep();
      this.wakeOther();
    }
  }

  private async sleep(): Promise<void> {
    if (!this.consumer.sleep()) return;
    if (this.producer.queuedBytes === 0 || this.producer.waitForRoom()) {
      this.sleeps++;
      if (!this.hasRung) await this.heard.promise;
      this.hasRung = false;
      this.heard = Promise.withResolvers();
    }
    this.consumer.wake();
  }
}

/** Sizes and contents of the records, the same on both sides. */
class Records {
  private value = 0;
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  nextSize(): number {
    const kind = this.random();
    return 1 + Math.floor(this.random() * (kind < 0.99 ? 120 : kind < 0.9999 ? 3_000 : 700_000));
  }

  nextByte(): number {
    this.value = (this.value * 13 + 7) & 0xff;
    return this.value;
  }
}

/** A sum in which every byte's place counts. */
function mix(sum: number, byte: number): number {
  return (Math.imul(sum, 31) + byte) | 0;
}

async function near(count: number, seed: number): Promise<RingRun> {
  const segment = Segment.create(RING_BYTES_MAX);
  // A compiled program is started by itself, a source file by the runtime.
  const program = Bun.main.startsWith("/$bunfs/") ? [] : [Bun.main];
  const far = Bun.spawn(
    [
      ...runner(),
      process.execPath,
      ...program,
      String(count),
      String(seed),
      String(process.pid),
      JSON.stringify(segment.handle),
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const end = new End(segment, 0, () => {
    far.stdin.write("!");
    far.stdin.flush();
  }, seededRandom(seed + 1));
  listen(far.stdout, end);
  const records = new Records(seed);
  const { writer } = end.producer;
  const sums: number[] = [];
  const run: RingRun = { records: 0, bytes: 0, checks: 0, nearSleeps: 0, nearRings: 0 };
  let sum = 0;
  const sink = {
    onRecord(bytes: Uint8Array, start: number, end: number) {
      const found = new DataView(bytes.buffer, bytes.byteOffset + start, end - start).getInt32(0, true);
      assert(found === sums.shift(), `check ${run.checks}: the far side received what was sent`);
      run.checks++;
    },
  };
  await end.run(() => {
    let isBusy = end.consumer.poll(sink, RECORDS_PER_POLL) > 0;
    while (run.records < count && sums.length < CHECKS_MAX && end.producer.queuedBytes < QUEUE_BYTES_MAX) {
      const size = records.nextSize();
      writer.reserve(size);
      const { bytes, length } = writer;
      for (let index = 0; index < size; index++) sum = mix(sum, bytes[length + index] = records.nextByte());
      writer.length += size;
      end.producer.commit();
      end.wakeOther();
      run.bytes += size;
      if (++run.records % RECORDS_PER_CHECK === 0) sums.push(sum);
      isBusy = true;
    }
    return run.records === count && sums.length === 0 ? "over" : isBusy ? "busy" : "idle";
  });
  far.stdin.end();
  assert(await far.exited === 0, "the far side ended well");
  segment.release();
  return { ...run, nearSleeps: end.sleeps, nearRings: end.rings };
}

async function far(count: number, seed: number, pid: number, handle: string): Promise<void> {
  const segment = Segment.open(JSON.parse(handle), RING_BYTES_MAX, { pid, uid: effectiveUserId() });
  const end = new End(segment, 1, () => void writeSync(1, "!"), seededRandom(seed + 2));
  listen(Bun.stdin.stream(), end);
  const records = new Records(seed);
  const { writer } = end.producer;
  let sum = 0;
  let received = 0;
  let left = records.nextSize();
  const sink = {
    onRecord(bytes: Uint8Array, start: number, end: number) {
      for (let index = start; index < end; index++) {
        sum = mix(sum, bytes[index]!);
        if (--left === 0) finish();
      }
    },
  };
  const finish = () => {
    left = records.nextSize();
    if (++received % RECORDS_PER_CHECK !== 0) return;
    writer.reserve(4);
    writer.view.setInt32(writer.length, sum, true);
    writer.length += 4;
    end.producer.commit();
  };
  await end.run(() => {
    const isBusy = end.consumer.poll(sink, RECORDS_PER_POLL) > 0;
    return received === count ? "over" : isBusy ? "busy" : "idle";
  });
  end.wakeOther();
  segment.release();
}

async function listen(bell: ReadableStream<Uint8Array>, end: End): Promise<void> {
  for await (const _ of bell) end.onBell();
}

/** What has to stand before the program for it to run, such as an emulator. */
function runner(): string[] {
  return JSON.parse(process.env["RING_PROCESS_RUNNER"] ?? "[]") as string[];
}

if (import.meta.main) {
  const [count = "", seed = "", pid = "", handle = ""] = process.argv.slice(2);
  if (pid === "") console.log(JSON.stringify(await near(Number(count), Number(seed))));
  else await far(Number(count), Number(seed), Number(pid), handle);
  process.exit(0);
}
