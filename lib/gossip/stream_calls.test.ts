import { expect, test } from "bun:test";
import type { Exchanger } from "./exchanger.ts";
import type { GossipStreams } from "./gossip_options.ts";
import { QuietLog } from "./quiet_log.ts";
import { StreamCalls } from "./stream_calls.ts";

const TARGET = { node: undefined, hosts: ["192.0.2.7"], nodePort: 9043, tlsPort: 9043 };
const CLOCKS = { wallMs: () => 0, steadyMs: () => 0 };

function callsOver(streams: Partial<GossipStreams>): { calls: StreamCalls; lines: string[]; exchanged: number[] } {
  const [lines, exchanged]: [string[], number[]] = [[], []];
  const none = () => Promise.reject(new Error("nobody answers"));
  const exchanger = { begin: () => new Uint8Array(0), finish: () => undefined } as unknown as Exchanger;
  const log = new QuietLog((line) => lines.push(line));
  const onExchanged = () => void exchanged.push(1);
  return {
    calls: new StreamCalls(exchanger, { exchange: none, probe: none, ...streams }, CLOCKS, log, onExchanged),
    lines,
    exchanged,
  };
}

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a probe tells whether the node was reached", async () => {
  const told: boolean[] = [];
  callsOver({ probe: () => Promise.resolve() }).calls.probe(TARGET, 1_000, (isReached) => told.push(isReached));
  callsOver({}).calls.probe(TARGET, 1_000, (isReached) => told.push(isReached));
  await new Promise(setImmediate);
  expect(told.sort()).toEqual([false, true]);
});

test("stopping aborts probes and exchanges that are under way, and nobody is told of them", async () => {
  const signals: AbortSignal[] = [];
  const { calls, lines, exchanged } = callsOver({
    probe: (_, signal) => (signals.push(signal), aborted(signal)),
    exchange: (_, __, signal) => (signals.push(signal), aborted(signal)),
  });
  calls.probe(TARGET, 60_000, () => lines.push("probed"));
  calls.exchange(TARGET);
  calls.stop();
  await new Promise(setImmediate);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  expect([lines, exchanged, calls.exchangesFailed]).toEqual([[], [], 0]);
});

test("an exchange that fails is counted, and said once a minute", async () => {
  const { calls, lines } = callsOver({});
  for (let count = 0; count < 3; count++) {
    calls.exchange(TARGET);
    await new Promise(setImmediate);
  }
  expect([calls.exchanges, calls.exchangesFailed]).toEqual([3, 3]);
  expect(lines).toEqual(["exchanging what is known with 192.0.2.7:9043 failed: nobody answers"]);
});
