import { context, method } from "cell";
import { type Lateness, Probe } from "./probe.ts";

/** The service that the tests of shared memory call, kill and scribble over: every kind of call, as little work as can be. */

/** Made again by clients after a crash. */
export const safe = method({ idempotent: true }, (value: number): number => value + 1);

/** Made at most once. */
export async function once(value: number): Promise<number> {
  calls++;
  await Promise.resolve();
  return value + 1;
}
let calls = 0;

/** The same bytes. */
export const echo = method({ idempotent: true }, (bytes: Uint8Array): Uint8Array => bytes);

/** What streams are made of: some of them are longer than what may be sent ahead of their reader. */
export interface Item {
  value: number;
  padding: string;
}

/** Gives the numbers from 0 to below `to`. */
export async function* count(to: number, padding: string): AsyncGenerator<Item> {
  for (let value = 0; value < to; value++) yield { value, padding };
}

/** The sum of what is streamed. */
export async function total(items: AsyncIterable<Item>): Promise<number> {
  let sum = 0;
  for await (const { value } of items) sum += value;
  return sum;
}

/** Gives back what is streamed, as it comes. */
export async function* mirror(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk;
}

/** Answers after a while, or when nobody waits any more. */
export async function nap(ms: number): Promise<void> {
  const { signal } = context();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const breakOff = (): void => {
    clearTimeout(timer);
    seen.aborted++;
    resolve();
  };
  seen.napping++;
  // It may be over before it begins.
  if (signal.aborted) breakOff();
  else signal.addEventListener("abort", breakOff);
  await promise;
  seen.napping--;
}

const seen = { produced: 0, ended: 0, napping: 0, aborted: 0 };

/** Chunks without end, each of so many bytes. */
export async function* endless(bytes: number): AsyncGenerator<Uint8Array> {
  seen.produced = 0;
  try {
    for (;;) {
      yield new Uint8Array(bytes);
      seen.produced++;
    }
  } finally {
    seen.ended++;
  }
}

/** Takes only the first items of a stream. */
export async function first(count: number, numbers: AsyncIterable<number>): Promise<number[]> {
  const taken: number[] = [];
  for await (const number of numbers) {
    taken.push(number);
    if (taken.length === count) break;
  }
  return taken;
}

/**
 * How many chunks of the last endless stream were taken, how many such streams ended, how many naps go on and how many were
 * broken off.
 */
export function saw(): { produced: number; ended: number; napping: number; aborted: number } {
  return seen;
}

/** Which process answers. */
export function pid(): number {
  return process.pid;
}

/** Collects garbage, so that what nobody holds gives its memory back. */
export function collect(): void {
  Bun.gc(true);
}

let probe: Probe | undefined;

/** Watches from now on whether timers and I/O of this process go on. */
export async function beginProbe(): Promise<void> {
  probe = await Probe.start(() => calls);
}

/** What the probe has seen so far. */
export function probed(): Lateness {
  return probe!.seen();
}

/** What the probe saw. */
export async function endProbe(): Promise<Lateness> {
  return await probe!.stop();
}
