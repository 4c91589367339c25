import { expect, test } from "bun:test";
import { seededRandom } from "../base/mod.ts";
import {
  INBOX_MAX,
  type LinkOptions,
  longTailedLatency,
  type Program,
  SimulatedNetwork,
  Timeline,
  uniformLatency,
} from "./mod.ts";

/** Notes what it hears and when; answers what it was asked, doubled. */
class Listener implements Program {
  nextAtMs = Infinity;
  readonly heard: { from: string; byte: number; nowMs: number }[] = [];
  readonly ticks: number[] = [];

  tick(nowMs: number): void {
    this.ticks.push(nowMs);
    this.nextAtMs = Infinity;
  }

  receive(from: string, packet: Uint8Array, nowMs: number): void {
    this.heard.push({ from, byte: packet[0]!, nowMs });
  }

  answer(_: string, request: Uint8Array): Uint8Array {
    return new Uint8Array([request[0]! * 2]);
  }
}

function world(link: Partial<LinkOptions> = {}, seed = 1) {
  const timeline = new Timeline();
  const network = new SimulatedNetwork(timeline, seededRandom(seed), { latency: () => 10, ...link });
  const [a, b] = [new Listener(), new Listener()];
  const [machineA, machineB] = [network.add("a"), network.add("b")];
  machineA.start(a);
  machineB.start(b);
  return { timeline, network, a, b, machineA, machineB };
}

const sendMany = (network: SimulatedNetwork, count: number, byteCount = 1) => {
  for (let index = 0; index < count; index++) network.send("a", "b", new Uint8Array(byteCount).fill(index));
};

test("a datagram comes after its latency and is counted on both sides", () => {
  const { timeline, network, b } = world();
  sendMany(network, 2, 100);
  timeline.runUntil(100);
  expect(b.heard).toEqual([{ from: "a", byte: 0, nowMs: 10 }, { from: "a", byte: 1, nowMs: 10 }]);
  expect(network.traffic("a")).toEqual({ packetsSent: 2, packetsReceived: 0, bytesSent: 200, bytesReceived: 0 });
  expect(network.traffic("b")).toEqual({ packetsSent: 0, packetsReceived: 2, bytesSent: 0, bytesReceived: 200 });
});

test("loss and duplication come as often as they were asked for", () => {
  const { timeline, network, b } = world({ loss: 0.2, duplication: 0.1 });
  sendMany(network, 10_000);
  timeline.runUntil(100);
  const distinct = 10_000 * 0.8;
  expect(b.heard.length).toBeGreaterThan(distinct * 1.05);
  expect(b.heard.length).toBeLessThan(distinct * 1.15);
});

test("reordered datagrams are overtaken, others are not", () => {
  const order = (reordering: number) => {
    const { timeline, network, b } = world({ reordering });
    sendMany(network, 200);
    timeline.runUntil(1_000);
    return b.heard.map(({ byte }) => byte);
  };
  const inOrder = Array.from({ length: 200 }, (_, index) => index);
  expect(order(0)).toEqual(inOrder);
  expect(order(0.5)).not.toEqual(inOrder);
  expect(order(0.5).toSorted((one, other) => one - other)).toEqual(inOrder);
});

test("a cut holds in its direction only, and streams need both", () => {
  const { timeline, network, a, b } = world();
  network.cut("a", "b");
  network.send("a", "b", new Uint8Array([1]));
  network.send("b", "a", new Uint8Array([2]));
  const answers: unknown[] = [];
  network.exchange("b", "a", new Uint8Array([4]), 500, (answer, nowMs) => answers.push([answer, nowMs]));
  timeline.runUntil(1_000);
  expect([a.heard.length, b.heard.length]).toEqual([1, 0]);
  expect(answers).toEqual([[undefined, 500]]);
  network.mend("a", "b");
  network.exchange("b", "a", new Uint8Array([4]), 500, (answer, nowMs) => answers.push([answer, nowMs]));
  timeline.runUntil(2_000);
  expect(answers[1]).toEqual([new Uint8Array([8]), 1_060]);
});

test("a partition parts groups, and what is on its way when it comes is lost", () => {
  const { timeline, network, b } = world();
  sendMany(network, 1);
  timeline.runUntil(5);
  network.partition([["a"], ["b"]]);
  sendMany(network, 1);
  timeline.runUntil(100);
  expect(b.heard).toEqual([]);
  network.heal();
  sendMany(network, 1);
  timeline.runUntil(200);
  expect(b.heard.length).toBe(1);
});

test("a machine that is off hears nothing, and neither does its next run what was for the one before", () => {
  const { timeline, network, b, machineB } = world();
  sendMany(network, 1);
  machineB.stall(50);
  timeline.runUntil(20);
  machineB.crash();
  sendMany(network, 1);
  timeline.runUntil(100);
  machineB.start(b);
  timeline.runUntil(200);
  expect(b.heard).toEqual([]);
});

test("a stalled process ticks late and reads after that; one whose messages stall ticks on time", () => {
  for (const kind of ["process", "messages"] as const) {
    const { timeline, network, b, machineB } = world();
    b.nextAtMs = 30;
    machineB.arm();
    machineB.stall(100, kind);
    sendMany(network, 1);
    network.send("b", "a", new Uint8Array([9]));
    timeline.runUntil(99);
    expect(network.traffic("b").packetsSent).toBe(0);
    timeline.runUntil(500);
    const at = kind === "process" ? 100 : 30;
    expect(b.ticks[0]).toBeGreaterThanOrEqual(at);
    expect(b.ticks[0]).toBeLessThan(at + 0.1);
    expect(b.heard.map(({ nowMs }) => nowMs)).toEqual([100]);
    expect(network.traffic("b").packetsSent).toBe(1);
  }
});

test("a stalled machine keeps as many datagrams as its socket holds", () => {
  const { timeline, network, b, machineB } = world();
  machineB.stall(1_000);
  sendMany(network, INBOX_MAX + 7);
  timeline.runUntil(2_000);
  expect(b.heard.length).toBe(INBOX_MAX);
  expect(machineB.overflows).toBe(7);
});

test("a program lives by its machine's clock, and its timers are never early", () => {
  const { timeline, network } = world();
  const program = new Listener();
  const machine = network.add("c", { offsetMs: 1.8e12, drift: 0.01 });
  program.nextAtMs = 1.8e12 + 1_010;
  machine.start(program);
  timeline.runUntil(999.9);
  expect(program.ticks).toEqual([]);
  timeline.runUntil(1_000.1);
  expect(program.ticks.length).toBe(1);
  expect(program.ticks[0]).toBeGreaterThanOrEqual(1.8e12 + 1_010);
});

test("latencies stay within their bounds or around their median", () => {
  const random = seededRandom(7);
  const uniform = uniformLatency(2, 5);
  const tailed = longTailedLatency(10);
  const samples = Array.from({ length: 10_000 }, () => tailed(random)).sort((one, other) => one - other);
  for (let index = 0; index < 100; index++) expect(Math.abs(uniform(random) - 3.5)).toBeLessThanOrEqual(1.5);
  expect(samples[5_000]).toBeWithin(9.5, 10.5);
  expect(samples[9_900]).toBeWithin(26, 40);
});

test("the same seed gives the same run, another seed another", () => {
  const run = (seed: number) => {
    const { timeline, network, b } = world({ latency: longTailedLatency(5), loss: 0.1, duplication: 0.1 }, seed);
    sendMany(network, 200);
    timeline.runUntil(1_000);
    return JSON.stringify(b.heard);
  };
  expect(run(5)).toBe(run(5));
  expect(run(5)).not.toBe(run(6));
});
