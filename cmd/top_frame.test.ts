import { expect, test } from "bun:test";
import type { ServiceProcess, Snapshot } from "../lib/machine/mod.ts";
import { styleFor } from "./color.ts";
import { topFrame } from "./top_frame.ts";
import { keysIn, startState, type TopState, withKey, withSnapshot } from "./top_state.ts";

const PLAIN = styleFor(false, {});
const COLORS = styleFor(true, {});

function instance(number: number, changes: Partial<ServiceProcess> = {}): ServiceProcess {
  return {
    service: "hello",
    instance: `hello@${number}`,
    number,
    release: 1,
    pid: 4000 + number,
    state: "up",
    reason: null,
    species: "a7474d0577529b8c",
    methods: 1,
    uptimeMs: 61_000,
    restarts: 0,
    connections: 1,
    inFlight: 1,
    calls: 10,
    errors: 0,
    callsPerSecond: number,
    p50Micros: 120,
    p99Micros: 3400,
    memoryBytes: (20 - number) * 1024 * 1024,
    cpuShare: 0.01,
    cpuMs: 10,
    eventLoopLagMs: 0,
    socket: "/run/x",
    stats: {},
    ...changes,
  };
}

function snapshot(count: number, changes: Partial<Snapshot> = {}): Snapshot {
  return {
    agent: "running",
    node: {
      node: "pi",
      pid: 99,
      version: "1.2.3",
      home: "/home/ada/.cell",
      startedAt: new Date(0),
      uptimeMs: 3_600_000,
      heartbeatMs: 5000,
      network: { state: "off", problem: null, warning: null },
      services: [],
    },
    processes: Array.from({ length: count }, (_, index) => instance(index + 1)),
    ...changes,
  };
}

function press(state: TopState, ...keys: string[]): TopState {
  return keys.reduce((before, key) => {
    const after = withKey(before, key);
    if (after === "quit") throw new Error(`${key} quits`);
    return after;
  }, state);
}

function instancesIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /hello@\d+/.exec(line)?.[0] ?? []);
}

test("calls that take less than the microsecond that services count in are not said to take none", () => {
  const fast = snapshot(0, { processes: [instance(1, { p50Micros: 0, p99Micros: 2 })] });
  expect(topFrame(startState(fast), 200, 30, PLAIN).join("\n")).toMatch(/ <1 us +2\.00 us /);
});

test("a frame is exactly as high and never wider than its screen, whatever is shown", () => {
  for (const count of [0, 1, 5, 200]) {
    for (const [width, height] of [[80, 24], [100, 30], [200, 60], [40, 10], [20, 3], [10, 1]] as const) {
      let state = startState(snapshot(count));
      for (let second = 0; second < 100; second++) state = withSnapshot(state, snapshot(count));
      for (const style of [PLAIN, COLORS]) {
        const lines = topFrame(state, width, height, style);
        expect(lines.length, `${count} on ${width}x${height}`).toBe(height);
        for (const line of lines) expect(Bun.stringWidth(line), line).toBeLessThanOrEqual(width);
      }
    }
  }
});

test("the head says who the agent is and what all of it does", () => {
  const lines = topFrame(startState(snapshot(3)), 120, 24, PLAIN);
  expect(lines[0]).toBe("cell top   node pi   pid 99   version 1.2.3   up 1 h 0 m");
  expect(lines[1]).toBe("instances: 3 up");
  expect(lines[2]).toStartWith("calls/s 6.0   in flight 3   CPU 3.0%   memory 54.0 MiB");
  expect(lines[4]).toStartWith("SERVICE  INSTANCE");
  expect(lines.at(-1)).toBe("q quit  [n name]  c CPU  m memory  s calls/s");
  expect(topFrame(startState(snapshot(0, { agent: "absent", node: null })), 80, 24, PLAIN)[0]).toContain("cell up");
  expect(topFrame(startState(snapshot(0, { agent: "silent", node: null })), 80, 24, PLAIN)[0]).toContain("not answer");
  const looping = snapshot(1);
  looping.processes.push(instance(2, { state: "crash-looping", pid: null, callsPerSecond: null, memoryBytes: null }));
  expect(topFrame(startState(looping), 120, 24, PLAIN)[1]).toBe("instances: 1 up, 1 crash-looping");
});

test("keys sort, by the most first; what is not known comes last", () => {
  const state = startState(snapshot(3));
  state.snapshot.processes.push(instance(4, { memoryBytes: null, callsPerSecond: null, cpuShare: null }));
  const order = (...keys: string[]) =>
    instancesIn(topFrame(press(state, ...keys), 120, 24, PLAIN)).map((name) => name.at(-1));
  expect(order()).toEqual(["1", "2", "3", "4"]);
  expect(order("s")).toEqual(["3", "2", "1", "4"]);
  expect(order("m")).toEqual(["1", "2", "3", "4"]);
  expect(order("C")).toEqual(["1", "2", "3", "4"]);
  expect(order("s", "n")).toEqual(["1", "2", "3", "4"]);
  expect(order("x", "\x1b[99Z")).toEqual(["1", "2", "3", "4"]);
});

test("what does not fit is scrolled to, and not past the end", () => {
  const state = startState(snapshot(30));
  const shown = (...keys: string[]) => instancesIn(topFrame(press(state, ...keys), 120, 17, PLAIN));
  expect(shown()).toEqual(Array.from({ length: 10 }, (_, index) => `hello@${index + 1}`));
  expect(shown("j", "\x1b[B")[0]).toBe("hello@3");
  expect(shown("\x1b[6~")[0]).toBe("hello@11");
  expect(shown(...new Array<string>(99).fill("j")).at(-1)).toBe("hello@30");
  expect(shown("j", "k", "\x1b[A")[0]).toBe("hello@1");
  expect(topFrame(state, 120, 17, PLAIN).at(-1)).toContain("1-10 of 30");
});

test("without a screen everything is shown, and no keys", () => {
  const lines = topFrame(startState(snapshot(50)), undefined, undefined, PLAIN);
  expect(instancesIn(lines).length).toBe(50);
  expect(lines.join("\n")).not.toContain("quit");
});

test("the calls of the last seconds are a curve as wide as there is room", () => {
  let state = startState(snapshot(1));
  for (let second = 0; second < 3; second++) state = withSnapshot(state, snapshot(second));
  expect(topFrame(state, 120, 24, PLAIN)[2]).toMatch(/ {3}▃▁▃█$/);
});

test("q and Ctrl-C quit; keys that come together are told apart", () => {
  const state = startState(snapshot(1));
  for (const key of ["q", "Q", "\x03"]) expect(withKey(state, key)).toBe("quit");
  expect(keysIn("j\x1b[Bq\x1b[6~\x1bOA\x1b")).toEqual(["j", "\x1b[B", "q", "\x1b[6~", "\x1bOA", "\x1b"]);
});
