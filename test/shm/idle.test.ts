import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../harness/mod.ts";
import { type ProcessTime, ShmMachine, timeOf, type Transport, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** Whoever has nothing to do does nothing: connections that wait cost no CPU and wake nobody. */
const INTERVAL_MS = 1_000;
/** The runtime's own: once a second it looks whether there is garbage, and its threads wait for each other some times. */
const RUNTIME_SLEEPS_MAX = 12;
const RUNTIME_TICKS_MAX = 1;
const CONNECTIONS = 8;

/** What a process did in an interval. */
async function during(pid: number): Promise<ProcessTime> {
  const before = timeOf(pid);
  await Bun.sleep(INTERVAL_MS);
  const after = timeOf(pid);
  return { ticks: after.ticks - before.ticks, sleeps: after.sleeps - before.sleeps };
}

async function expectIdle(pids: number[]): Promise<void> {
  let last: ProcessTime[] = [];
  try {
    await until(async () => {
      last = await Promise.all(pids.map(during));
      return last.every(({ ticks, sleeps }) => ticks <= RUNTIME_TICKS_MAX && sleeps <= RUNTIME_SLEEPS_MAX);
    }, "an idle interval");
  } catch (error) {
    throw new Error(`${String(error)}; the last one was ${Bun.inspect(last)}`);
  }
}

async function idleAfterCalls(transport: Transport): Promise<void> {
  await using machine = new ShmMachine(transport);
  const processes = await Promise.all(["target", "caller"].map((file) => machine.run(file, file)));
  const control = await machine.control("caller");
  await control.call("open", ["target", CONNECTIONS]);
  expect(await control.call("callEach", [200])).toBe(200 * CONNECTIONS);
  expect(await control.call("echoEach", [2 ** 20])).toBe(CONNECTIONS);
  await expectIdle(processes.map(({ pid }) => pid));
  // And they are awake when there is something to do.
  expect(await control.call("callEach", [1])).toBe(CONNECTIONS);
}

test.each(TRANSPORTS)("a client and a server without calls use no CPU and are not woken, over %s", idleAfterCalls);
