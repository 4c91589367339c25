import { expect, setDefaultTimeout, test } from "bun:test";
import { BINARY } from "../harness/mod.ts";
import { cpuMicrosOf, ShmMachine, type Transport, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** On one core whoever spins keeps the other one from what it waits for. */
const ON_ONE_CORE = { command: ["taskset", "-c", "0", BINARY] };
const CALLS = 4_000;
/** Until all that is called is compiled as well as it will be: calls before that take several times as long. */
const WARM_UP_CALLS = 20_000;
/** The best of so many is what counts: a hypervisor that takes the core away is seen as CPU time of whoever had it. */
const ROUNDS = 8;
/** More CPU time for a call than this many times the Unix socket's would be spinning. */
const RATIO_MAX = 2;

const microsPerCall = new Map<Transport, number>();

// taskset(1) is part of util-linux; elsewhere a process cannot be kept on one core.
const isPossible = process.platform === "linux" && Bun.which("taskset") !== null;

test.skipIf(!isPossible).each(TRANSPORTS)(
  "client and server on one core answer each other, over %s",
  async (transport) => {
    await using machine = new ShmMachine(transport);
    const processes = await Promise.all(["target", "caller"].map((file) => machine.run(file, file, ON_ONE_CORE)));
    const control = await machine.control("caller");
    await control.call("open", ["target", 1]);
    // It leaves the socket, too.
    expect(await control.call("callEach", [WARM_UP_CALLS])).toBe(WARM_UP_CALLS);
    const used = (): number => processes.reduce((sum, { pid }) => sum + cpuMicrosOf(pid), 0);
    const rounds: number[] = [];
    while (rounds.length < ROUNDS) {
      const before = used();
      expect(await control.call("callEach", [CALLS / ROUNDS])).toBe(CALLS / ROUNDS);
      rounds.push((used() - before) / (CALLS / ROUNDS));
    }
    microsPerCall.set(transport, Math.min(...rounds));
    expect(await control.call("echoEach", [2 ** 20])).toBe(1);
    await control.call("beginFlood", [64]);
    expect(await control.call("callEach", [200])).toBe(200);
    await control.call("endFlood", []);
  },
);

test.skipIf(!isPossible || TRANSPORTS.length < 2)("shared memory needs no more CPU time for a call on one core", () => {
  const [uds, shm] = [microsPerCall.get("uds")!, microsPerCall.get("shm")!];
  expect(shm, `${shm} us of CPU time for a call, ${uds} us over the Unix socket`).toBeLessThan(RATIO_MAX * uds);
});
