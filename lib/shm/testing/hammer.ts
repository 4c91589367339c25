import { seededRandom } from "../../base/mod.ts";
import { Word } from "../layout.ts";
import type { RingMemory } from "../ring_memory.ts";
import type { GuardedMemory } from "./guarded_memory.ts";
import { Mutator } from "./mutator.ts";

/** Between two looks at the clock of the other side. */
const BURST = 100;

interface Job {
  buffer: SharedArrayBuffer;
  /** Index 0 counts the mutations, index 1 asks for the end. */
  progress: Int32Array<SharedArrayBuffer>;
  byteOffset: number;
  dataOffset: number;
  bytesMax: number;
  wordCount: number;
  seed: number;
}

/** A thread that writes into shared memory without pause. */
export interface Hammered {
  /** Whether `mutations` has reached what was asked for. */
  readonly isOver: boolean;
  readonly mutations: number;
  /** Gives the event loop a turn, in which the thread may start or fail. */
  turn(): Promise<void>;
  stop(): void;
}

/** Starts a thread that mutates `memory`, at least `mutations` times, until `stop`. */
export function hammer(memory: GuardedMemory, seed: number, mutations: number): Hammered {
  const { words, buffer, dataOffset, bytesMax } = memory.views();
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(import.meta.url);
  let failure: unknown;
  worker.onerror = (event) => {
    failure = new Error(event.message);
  };
  const job: Job = {
    buffer: buffer as unknown as SharedArrayBuffer,
    progress,
    byteOffset: words.byteOffset,
    dataOffset,
    bytesMax,
    wordCount: words.length,
    seed,
  };
  worker.postMessage(job);
  return {
    get isOver() {
      return Atomics.load(progress, 0) >= mutations;
    },
    get mutations() {
      return Atomics.load(progress, 0);
    },
    async turn() {
      await new Promise((resolve) => setImmediate(resolve));
      if (failure !== undefined) throw failure;
    },
    stop() {
      Atomics.store(progress, 1, 1);
      worker.terminate();
    },
  };
}

function work({ buffer, progress, byteOffset, dataOffset, bytesMax, wordCount, seed }: Job): void {
  const shared = buffer as unknown as ArrayBuffer;
  const memory: RingMemory = {
    words: new Int32Array(shared, byteOffset, wordCount),
    buffer: shared,
    dataOffset,
    bytesMax,
  };
  const random = seededRandom(seed + 1);
  const mutators = [new Mutator(memory, random, Word.head), new Mutator(memory, random, Word.tail)];
  while (Atomics.load(progress, 1) === 0) {
    for (let mutation = 0; mutation < BURST; mutation++) mutators[mutation & 1]!.mutate();
    Atomics.add(progress, 0, BURST);
  }
}

if (!Bun.isMainThread) {
  // This file is also the thread's own.
  (globalThis as unknown as { onmessage: (event: MessageEvent<Job>) => void }).onmessage = (event) => work(event.data);
}
