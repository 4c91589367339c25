import { expect, setDefaultTimeout, test } from "bun:test";
import { SHARED_BYTES_MAX } from "../../lib/shm/mod.ts";
import { until } from "../harness/mod.ts";
import {
  descriptorsOf,
  sharedBytesOf,
  sharedDescriptorsOf,
  sharedMappingsOf,
  ShmMachine,
  TRANSPORTS,
} from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** 256 clients of one server, in a few processes, all served within a budget of memory that does not depend on them. */
const PROCESSES = 4;
const CLIENTS = 256;
/** More than the budget has the smallest rings for. */
const CLIENTS_TOO_MANY = 600;
const CALLS = 30;
const LARGE_BYTES = 600 * 1024;

test.each(TRANSPORTS)(
  "256 clients are served within the budget and leave nothing behind, over %s",
  async (transport) => {
    await using machine = new ShmMachine(transport);
    const target = await machine.run("target", "target");
    const names = Array.from({ length: PROCESSES }, (_, index) => `caller-${index}`);
    const callers = await Promise.all(names.map((name) => machine.run("caller", name)));
    const targetControl = await machine.control("target");
    const controls = await Promise.all(names.map((name) => machine.control(name)));
    const all = (method: string, ...args: unknown[]) =>
      Promise.all(controls.map((control) => control.call(method, args)));
    const each = CLIENTS / PROCESSES;

    const pids = [target, ...callers].map(({ pid }) => pid);
    await Promise.all([targetControl.call("collect", []), all("collect")]);
    const before = pids.map((pid) => descriptorsOf(pid).length);
    await all("open", "target", each);
    expect(await all("callEach", CALLS)).toEqual(names.map(() => CALLS * each));
    expect(sharedBytesOf(target.pid)).toBeLessThanOrEqual(SHARED_BYTES_MAX);
    if (transport === "shm") expect(sharedMappingsOf(target.pid)).toBeGreaterThan(0);
    // Rings grow on use, together no further than the budget: who finds it spent is served as well.
    expect(await all("echoEach", LARGE_BYTES)).toEqual(names.map(() => each));
    expect(sharedBytesOf(target.pid)).toBeLessThanOrEqual(SHARED_BYTES_MAX);
    const segments = callers.flatMap(({ pid }) => sharedDescriptorsOf(pid));
    expect(segments.length).toBeLessThanOrEqual(CLIENTS);
    expect(await all("callEach", CALLS)).toEqual(names.map(() => CALLS * each));

    await all("closeAll");
    let left: unknown;
    try {
      await until(async () => {
        await Promise.all([targetControl.call("collect", []), all("collect")]);
        left = pids.map((pid) => [sharedDescriptorsOf(pid).length, sharedMappingsOf(pid), descriptorsOf(pid).length]);
        return pids.every((pid, index) =>
          sharedDescriptorsOf(pid).length === 0 && sharedMappingsOf(pid) === 0 &&
          descriptorsOf(pid).length <= before[index]!
        );
      }, "everything that the clients held to be given back");
    } catch (error) {
      throw new Error(`${String(error)}: ${Bun.inspect(left)}, descriptors before ${before}`);
    }
  },
);

test.skipIf(!TRANSPORTS.includes("shm"))(
  "clients for which there is no memory left are served over the socket",
  async () => {
    await using machine = new ShmMachine("auto");
    const target = await machine.run("target", "target");
    await machine.run("caller", "caller");
    const control = await machine.control("caller");
    await control.call("open", ["target", CLIENTS_TOO_MANY]);
    for (let round = 0; round < 2; round++) {
      expect(await control.call("callEach", [CALLS])).toBe(CALLS * CLIENTS_TOO_MANY);
      await until(() => sharedMappingsOf(target.pid) >= CLIENTS, "as many to move as there is memory for");
      expect(sharedMappingsOf(target.pid)).toBeLessThan(CLIENTS_TOO_MANY);
      expect(sharedBytesOf(target.pid)).toBeLessThanOrEqual(SHARED_BYTES_MAX);
    }
    // Who insists is told why not.
    const refused = await machine.cell(["call", "target", "pid"], { env: { CELL_TRANSPORT: "shm" } });
    expect(refused.exit).not.toBe(0);
    expect(refused.stderr).toContain("given out all the memory");
    // What they leave is there for others.
    await control.call("closeAll", []);
    const insisting = { env: { CELL_TRANSPORT: "shm" } };
    await until(
      async () => (await machine.cell(["call", "target", "pid"], insisting)).exit === 0,
      "memory to be there again",
    );
  },
);
