import { expect, test } from "bun:test";
import type { InstanceLoad, InstanceStatus } from "../nucleus/client/mod.ts";
import type { ServerStats } from "../rpc/mod.ts";
import type { Instance } from "../service/mod.ts";
import { mergeProcesses } from "./processes.ts";
import { Rates } from "./rates.ts";

const LOAD: InstanceLoad = {
  inFlight: 1,
  calls: 10,
  errors: 0,
  callsPerSecond: 2.5,
  p50Micros: 100,
  p99Micros: 900,
  memoryBytes: 5_000_000,
  cpuShare: 0.25,
  eventLoopLagMs: 3,
};

function status(number: number, changes: Partial<InstanceStatus> = {}): InstanceStatus {
  return {
    service: "hello",
    instance: `hello@${number}`,
    number,
    release: 1,
    species: "a".repeat(16),
    pid: 100 + number,
    state: "up",
    reason: null,
    restarts: 0,
    uptimeMs: 60_000,
    load: LOAD,
    ...changes,
  };
}

function stats(changes: Partial<ServerStats> = {}): ServerStats {
  const method = {
    calls: 20,
    errors: 1,
    inFlight: 4,
    abandoned: 0,
    p50Micros: 50,
    p90Micros: 70,
    p99Micros: 80,
    maxMicros: 99,
  };
  return {
    service: "hello",
    instance: "i",
    uptimeMs: 10_000,
    connections: 3,
    inFlight: 4,
    calls: 20,
    errors: 1,
    draining: false,
    methods: { greet: method, other: { ...method, calls: 0 } },
    ...changes,
  };
}

function found(number: number | undefined, answers: ServerStats | undefined): Instance {
  const instance = number === undefined ? "hello" : `hello@${number}`;
  const hello = { species: "b".repeat(16), pid: 7 } as unknown as NonNullable<Instance["answer"]>["hello"];
  return {
    service: "hello",
    instance,
    number,
    release: number === undefined ? undefined : 1,
    species: undefined,
    pid: 7,
    socket: `/run/${instance}.sock`,
    sharesMemory: true,
    isOnline: false,
    answer: answers === undefined ? undefined : { hello, stats: answers },
  };
}

const usage = () => ({ memoryBytes: 9_000_000, cpuMs: 2000 });

test("counters are the instance's own, its state is what the agent says, rates are of the last heartbeat", () => {
  const [merged] = mergeProcesses(
    [found(1, stats())],
    [status(1, { state: "degraded", reason: "lags", restarts: 2 })],
    usage,
  );
  expect(merged).toMatchObject({
    service: "hello",
    instance: "hello@1",
    pid: 7,
    state: "degraded",
    reason: "lags",
    restarts: 2,
    inFlight: 4,
    calls: 20,
    connections: 2,
    methods: 2,
    p50Micros: 50,
    callsPerSecond: 2.5,
    cpuShare: 0.25,
    memoryBytes: 9_000_000,
    socket: "/run/hello@1.sock",
  });
});

test("an instance that cannot run is listed with the reason and without a process", () => {
  const [looping] = mergeProcesses([], [
    status(2, { pid: null, species: "", state: "crash-looping", reason: "exited with code 1", load: null }),
  ]);
  expect(looping).toMatchObject({
    instance: "hello@2",
    pid: null,
    state: "crash-looping",
    species: null,
    inFlight: null,
    socket: null,
  });
});

test("without an agent everything is known but who looks after it, and rates are since the start", () => {
  const [bare, silent, draining] = mergeProcesses(
    [found(undefined, stats()), found(1, undefined), found(2, stats({ draining: true }))],
    [],
    usage,
  );
  expect(bare).toMatchObject({
    instance: "hello",
    number: null,
    state: "up",
    restarts: 0,
    callsPerSecond: 2,
    cpuShare: 0.2,
  });
  expect(silent).toMatchObject({
    instance: "hello@1",
    state: "silent",
    inFlight: null,
    callsPerSecond: null,
    cpuShare: null,
  });
  expect(draining).toMatchObject({ state: "draining" });
});

test("one that does not answer is shown with what its last heartbeat said", () => {
  const [merged] = mergeProcesses([found(1, undefined)], [status(1)], usage);
  expect(merged).toMatchObject({ inFlight: 1, p50Micros: 100, p99Micros: 900, calls: 10, species: "a".repeat(16) });
});

test("instances are sorted by service and number", () => {
  const names = mergeProcesses([found(10, undefined), found(2, undefined)], [status(3)], usage).map(({ instance }) =>
    instance
  );
  expect(names).toEqual(["hello@2", "hello@3", "hello@10"]);
});

test("rates are those since the reading before, of the same process", () => {
  const rates = new Rates();
  const at = (calls: number, cpuMs: number, pid = 7) =>
    mergeProcesses([{ ...found(1, stats({ calls })), pid }], [status(1)], () => ({ memoryBytes: 1, cpuMs }));
  expect(rates.update(at(20, 1000), 0)[0]).toMatchObject({ callsPerSecond: 2.5, cpuShare: 0.25 });
  expect(rates.update(at(120, 1500), 1000)[0]).toMatchObject({ callsPerSecond: 100, cpuShare: 0.5 });
  // Too soon to say anything; the reading before counts on.
  expect(rates.update(at(121, 1500), 1050)[0]).toMatchObject({ callsPerSecond: 2.5 });
  expect(rates.update(at(320, 1500), 2000)[0]).toMatchObject({ callsPerSecond: 200, cpuShare: 0 });
  // Another process in its place has counters of its own.
  expect(rates.update(at(5, 10, 8), 3000)[0]).toMatchObject({ callsPerSecond: 2.5, cpuShare: 0.25 });
  expect(rates.update(at(15, 20, 8), 4000)[0]).toMatchObject({ callsPerSecond: 10, cpuShare: 0.01 });
});
