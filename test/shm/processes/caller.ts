import { type Client, connect } from "cell";
import { Load, type LoadReport } from "./load.ts";
import { type Lateness, Probe } from "./probe.ts";

/** A client that the tests drive: itself a service, so that they can say what it calls and ask what became of it. */

let load: Load | undefined;

/** Begins calls of every kind to each service. */
export async function beginLoad(services: string[]): Promise<void> {
  load = await Load.start(services);
}

/** What the load did so far. */
export function report(): LoadReport {
  return load!.report();
}

/** Ends the load once every call has ended. */
export async function endLoad(): Promise<LoadReport> {
  return await load!.stop();
}

const clients: Client[] = [];

/** Opens connections of their own to a service. */
export async function open(service: string, count: number): Promise<void> {
  for (let opened = 0; opened < count; opened++) clients.push(await connect(service, { timeoutMs: 30_000 }));
}

/** Closes all that are open. */
export async function closeAll(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()));
}

/** Each connection makes `calls` calls, one after the other; returns how many were answered rightly. */
export async function callEach(calls: number): Promise<number> {
  const answered = await Promise.all(clients.map(async (client) => {
    let count = 0;
    for (let value = 0; value < calls; value++) {
      if (await client.call<number>("once", [value]) === value + 1) count++;
    }
    return count;
  }));
  return answered.reduce((sum, count) => sum + count, 0);
}

/** How `calls` calls of the first connection end that are made at once: "answered", or the code of the error. */
export async function tryCalls(calls: number, timeoutMs: number): Promise<string[]> {
  return await endsOf(Array.from({ length: calls }, () => clients[0]!.call("once", [1], { timeoutMs })));
}

/** The same for messages of so many bytes. */
export async function tryEchoes(calls: number, bytes: number, timeoutMs: number): Promise<string[]> {
  const sent = new Uint8Array(bytes);
  return await endsOf(Array.from({ length: calls }, () => clients[0]!.call("echo", [sent], { timeoutMs })));
}

async function endsOf(calls: Promise<unknown>[]): Promise<string[]> {
  const ends = await Promise.allSettled(calls);
  return ends.map((end) => end.status === "fulfilled" ? "answered" : (end.reason as { code: string }).code);
}

/** Each connection sends `bytes` bytes and gets them back; returns how many did. */
export async function echoEach(bytes: number): Promise<number> {
  const sent = new Uint8Array(bytes).map((_, index) => index);
  let right = 0;
  await Promise.all(clients.map(async (client) => {
    const answer = await client.call<Uint8Array>("echo", [sent]);
    if (Buffer.compare(answer, sent) === 0) right++;
  }));
  return right;
}

/** The first connection calls one at a time, with a moment of up to `pauseMsMax` between two calls; the slowest answer. */
export async function callWithPauses(calls: number, pauseMsMax: number): Promise<number> {
  let slowestMs = 0;
  for (let made = 0; made < calls; made++) {
    await Bun.sleep(Math.random() * pauseMsMax);
    const startedAt = performance.now();
    await Promise.all(clients.map((client) => client.call("once", [made])));
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  }
  return slowestMs;
}

let isFlooding = false;
let flood: Promise<void[]> | undefined;
const answered: number[] = [];

/** Every connection keeps `inFlight` calls in flight until it is told to stop; more than one call hides what one sees. */
export function beginFlood(inFlight: number): void {
  isFlooding = true;
  answered.length = 0;
  answered.push(...clients.map(() => 0));
  flood = Promise.all(clients.flatMap((client, index) =>
    Array.from({ length: inFlight }, async () => {
      while (isFlooding) {
        await client.call("once", [1]);
        answered[index]!++;
      }
    })
  ));
}

/** Answers so far, by connection. */
export function flooded(): number[] {
  return answered;
}

/** Ends the flood once every call has ended; answers by connection. */
export async function endFlood(): Promise<number[]> {
  isFlooding = false;
  await flood;
  return answered;
}

let probe: Probe | undefined;

/** Watches from now on whether timers and I/O of this process go on. */
export async function beginProbe(): Promise<void> {
  probe = await Probe.start(() => answered.reduce((sum, count) => sum + count, 0));
}

/** What the probe has seen so far. */
export function probed(): Lateness {
  return probe!.seen();
}

/** What the probe saw. */
export async function endProbe(): Promise<Lateness> {
  return await probe!.stop();
}

/** Collects garbage, so that what nobody holds gives its memory back. */
export function collect(): void {
  Bun.gc(true);
}

/** Longer than an honest answer takes. A call whose bytes were scribbled over may never get one. */
const NOISE_TIMEOUT_MS = 1_000;
let isNoisy = false;
let noise: Promise<void[]> | undefined;
const noiseCounts = { answered: 0, failed: 0 };

/** Calls of every kind go on, whatever comes of them: their connection's memory is being scribbled over. */
export function beginNoise(): void {
  isNoisy = true;
  noise = Promise.all(clients.flatMap((client) => [
    ...[0, 8, 1].map((pauseMs) => repeatNoise(pauseMs, (options) => client.call("once", [7], options))),
    repeatNoise(1, (options) => client.call("echo", [new Uint8Array(20_000)], options)),
    repeatNoise(1, async (options) => {
      for await (const value of client.stream("count", [1_000, "x"], options)) void value;
    }),
  ]));
}

async function repeatNoise(pauseMs: number, call: (options: { timeoutMs: number }) => Promise<unknown>): Promise<void> {
  while (isNoisy) {
    try {
      await call({ timeoutMs: NOISE_TIMEOUT_MS });
      noiseCounts.answered++;
    } catch {
      noiseCounts.failed++;
      await Bun.sleep(1);
    }
    if (pauseMs > 0) await Bun.sleep(pauseMs);
  }
}

/** Ends the noise once every call has ended. */
export async function endNoise(): Promise<{ answered: number; failed: number }> {
  isNoisy = false;
  await noise;
  return noiseCounts;
}
