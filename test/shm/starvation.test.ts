import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { RemoteService } from "../../lib/service/mod.ts";
import { until } from "../harness/mod.ts";
import { ShmMachine, TRANSPORTS } from "./harness/mod.ts";
import type { Lateness } from "./processes/probe.ts";

setDefaultTimeout(120_000);

/**
 * While calls go on without a pause, everything else that a process waits for has its turn: so often at least, and not after
 * more calls than this, each far beyond what is seen. How long it takes is the machine's business.
 */
const ANSWERS = process.env["CELL_SOAK"] === undefined ? 60_000 : 2_000_000;
const TURNS_MIN = 100;
const CALLS_BETWEEN_TIMERS_MAX = 30_000;
const WAIT_MS_MAX = process.env["CELL_SOAK"] === undefined ? 60_000 : 3_000_000;

function hadTurns({ firings, fileReads, tcpEchoes, ticks, immediates }: Lateness): boolean {
  return Math.min(firings, fileReads, tcpEchoes, ticks, immediates) >= TURNS_MIN;
}

describe.each(TRANSPORTS)("over %s", (transport) => {
  let machine: ShmMachine;
  let target: RemoteService;
  let caller: RemoteService;

  beforeAll(async () => {
    machine = new ShmMachine(transport);
    await Promise.all([machine.run("target", "target"), machine.run("caller", "caller")]);
    [target, caller] = [await machine.control("target"), await machine.control("caller")];
    await caller.call("open", ["target", 1]);
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test.each([1, 512])("timers and I/O of both processes go on with %d calls in flight", async (inFlight) => {
    await Promise.all([target.call("beginProbe", []), caller.call("beginProbe", [])]);
    await caller.call("beginFlood", [inFlight]);
    let seen: Lateness[] = [];
    await until(
      async () => {
        const [answered = 0] = await caller.call("flooded", []) as number[];
        seen = await Promise.all([target, caller].map(async (side) => await side.call("probed", []) as Lateness));
        return answered >= ANSWERS && seen.every(hadTurns);
      },
      "everything to have its turns",
      WAIT_MS_MAX,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; the target and the caller had ${Bun.inspect(seen)}`);
    });
    await caller.call("endFlood", []);
    for (const [name, side] of Object.entries({ target, caller })) {
      const { callsBetweenMax } = await side.call("endProbe", []) as Lateness;
      expect(callsBetweenMax, name).toBeLessThan(CALLS_BETWEEN_TIMERS_MAX);
    }
  }, 3_600_000);
});
