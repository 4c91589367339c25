import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../harness/mod.ts";
import { factsOf } from "../nucleus/harness/mod.ts";
import { sharedMappingsOf, ShmMachine, TRANSPORTS, untilAtRest } from "./harness/mod.ts";
import type { LoadReport } from "./processes/load.ts";

setDefaultTimeout(120_000);

/** A peer that is stopped (SIGSTOP, a debugger, a suspended container) is not dead: it goes on where it was. */
const TIMEOUT_MS = 200;

test.each(TRANSPORTS)(
  "a client that is stopped costs the server and its other clients nothing, over %s",
  async (transport) => {
    await using machine = new ShmMachine(transport);
    const target = await machine.run("target", "target");
    const frozen = await machine.run("caller", "frozen");
    await machine.run("caller", "witness");
    const [control, witness] = [await machine.control("frozen"), await machine.control("witness")];
    await witness.call("open", ["target", 2]);
    await control.call("beginLoad", [["target"]]);
    const answered = async () => (await control.call("report", []) as LoadReport).answered["target"] ?? 0;
    for (let round = 0; round < 5; round++) {
      const goal = await answered() + 10;
      await until(async () => await answered() >= goal, "the load to go on");
      frozen.signal("SIGSTOP");
      expect(await witness.call("callEach", [50])).toBe(100);
      await untilAtRest(target.pid);
      frozen.signal("SIGCONT");
    }
    const report = await control.call("endLoad", []) as LoadReport;
    expect(report).toMatchObject({ failed: {}, wrong: [], pending: 0 });
  },
);

test.each(TRANSPORTS)(
  "calls to a server that is stopped end at their deadline, and go on with it, over %s",
  async (transport) => {
    await using machine = new ShmMachine(transport);
    const target = await machine.run("target", "target");
    const caller = await machine.run("caller", "caller");
    const control = await machine.control("caller");
    await control.call("open", ["target", 1]);
    expect(await control.call("callEach", [50])).toBe(50);
    for (let round = 0; round < 3; round++) {
      target.signal("SIGSTOP");
      await until(() => factsOf(target.pid)?.state === "T", "the server to stop");
      // Small calls by the hundred, and more bytes than any ring or socket takes.
      const [small, large] = await Promise.all([
        control.call("tryCalls", [600, TIMEOUT_MS]) as Promise<string[]>,
        control.call("tryEchoes", [4, 4 * 2 ** 20, TIMEOUT_MS]) as Promise<string[]>,
      ]);
      expect(new Set([...small, ...large])).toEqual(new Set(["DEADLINE_EXCEEDED"]));
      await untilAtRest(caller.pid);
      target.signal("SIGCONT");
      expect(await control.call("callEach", [50])).toBe(50);
      expect(await control.call("echoEach", [2 ** 20])).toBe(1);
    }
    expect(sharedMappingsOf(target.pid)).toBe(transport === "shm" ? 1 : 0);
  },
);
