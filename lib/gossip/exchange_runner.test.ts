import { expect, test } from "bun:test";
import type { Exchanger } from "./exchanger.ts";
import {
  EXCHANGE_MS_MAX,
  EXCHANGE_ROUNDS_MAX,
  EXCHANGE_TIMEOUT_MS,
  ExchangeRunner,
  EXCHANGES_BURST_MAX,
  EXCHANGES_MAX,
  EXCHANGES_PER_SECOND_MAX,
} from "./exchange_runner.ts";
import type { StreamTarget } from "./stream_target.ts";

const NOTHING = new Uint8Array(0);

function target(node: string): StreamTarget {
  return { node, hosts: ["127.0.0.1"], nodePort: 1, tlsPort: 1 };
}

function exchanger(rounds: number): Exchanger {
  const finish = () => --rounds > 0 ? NOTHING : undefined;
  return { begin: () => NOTHING, finish } as unknown as Exchanger;
}

test("rounds are made until all is said", async () => {
  let asked = 0;
  const runner = new ExchangeRunner(exchanger(3), {
    exchange: () => Promise.resolve((asked++, NOTHING)),
  }, () => 0);
  expect(await runner.run(target("a"))).toBe(true);
  expect(asked).toBe(3);
});

test("a node that never has enough is given a bounded number of rounds", async () => {
  let asked = 0;
  const runner = new ExchangeRunner(exchanger(Infinity), {
    exchange: () => Promise.resolve((asked++, NOTHING)),
  }, () => 0);
  expect(await runner.run(target("a"))).toBe(true);
  expect(asked).toBe(EXCHANGE_ROUNDS_MAX);
});

test("one exchange with each node and a bounded number altogether are under way", async () => {
  const answer = Promise.withResolvers<Uint8Array>();
  const runner = new ExchangeRunner(exchanger(1), { exchange: () => answer.promise }, () => 0);
  const runs = Array.from({ length: EXCHANGES_MAX }, (_, index) => runner.run(target(`n${index}`)));
  expect([await runner.run(target("n0")), await runner.run(target("one more"))]).toEqual([false, false]);
  expect(runner.underWay).toBe(EXCHANGES_MAX);
  answer.resolve(NOTHING);
  await Promise.all(runs);
  expect(runner.underWay).toBe(0);
});

test("a failure is the caller's to hear, and the next exchange may be made", async () => {
  const runner = new ExchangeRunner(exchanger(1), {
    exchange: () => Promise.reject(new Error("unreachable")),
  }, () => 0);
  await expect(runner.run(target("a"))).rejects.toThrow("unreachable");
  await expect(runner.run(target("a"))).rejects.toThrow("unreachable");
});

test("stopping aborts what is under way, and nothing begins afterwards", async () => {
  const signals: AbortSignal[] = [];
  const runner = new ExchangeRunner(exchanger(1), {
    exchange: (_, __, signal) => {
      signals.push(signal);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  }, () => 0);
  const running = runner.run(target("a")).catch(() => "aborted");
  runner.stop();
  expect(await running).toBe("aborted");
  expect(signals[0]!.aborted).toBe(true);
  expect(await runner.run(target("b"))).toBe(false);
});

test("a node that answers slowly and never has enough is left after a bounded time", async () => {
  let nowMs = 0;
  const runner = new ExchangeRunner(exchanger(Infinity), {
    exchange: () => Promise.resolve((nowMs += EXCHANGE_TIMEOUT_MS - 1, NOTHING)),
  }, () => nowMs);
  expect(await runner.run(target("a"))).toBe(true);
  expect(nowMs).toBeLessThan(EXCHANGE_MS_MAX + EXCHANGE_TIMEOUT_MS);
});

test("exchanges are bounded in rate, whoever asks for them", async () => {
  let [nowMs, begun] = [0, 0];
  const runner = new ExchangeRunner(exchanger(1), {
    exchange: () => Promise.resolve((begun++, NOTHING)),
  }, () => nowMs);
  for (let index = 0; index < 1_000; index++) await runner.run(target(`n${index}`));
  expect(begun).toBe(EXCHANGES_BURST_MAX);
  nowMs += 1_000;
  for (let index = 0; index < 1_000; index++) await runner.run(target(`n${index}`));
  expect(begun).toBe(EXCHANGES_BURST_MAX + EXCHANGES_PER_SECOND_MAX);
});
