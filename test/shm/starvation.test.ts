import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { RemoteService } from "../../lib/service/mod.ts";
import { until } from "../harness/mod.ts";
import { ShmMachine, TRANSPORTS } from "./harness/mod.ts";
import type { Lateness } from "./processes/probe.ts";

setDefaultTimeout(120_000);

/**
 * While calls go on without a pause, everything else that a process waits for has its turn. The bounds are far above what
 * two processes that want a core each show on a machine with two cores and other work: what they catch is "never".
 */
const ANSWERS = process.env["CELL_SOAK"] === undefined ? 20_000 : 2_000_000;
/** Enough firings for a figure; at 5 ms each. */
const FIRINGS_MIN = 100;
const LATE_P99_MS_MAX = 100;
const GAP_MS_MAX = 1_000;

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
    const startedAt = performance.now();
    await caller.call("beginFlood", [inFlight]);
    await until(async () => {
      const [answered] = await caller.call("flooded", []) as number[];
      return answered! >= ANSWERS && performance.now() - startedAt > 2 * FIRINGS_MIN * 5;
    }, `${ANSWERS} answers`);
    await caller.call("endFlood", []);
    for (const [name, side] of Object.entries({ target, caller })) {
      const seen = await side.call("endProbe", []) as Lateness;
      const context = `${name}: ${Bun.inspect(seen)}`;
      expect(seen.firings, context).toBeGreaterThan(FIRINGS_MIN);
      expect(seen.lateP99Ms, context).toBeLessThan(LATE_P99_MS_MAX);
      expect(seen.gapMaxMs, context).toBeLessThan(GAP_MS_MAX);
      for (const count of ["fileReads", "tcpEchoes", "ticks", "immediates"] as const) {
        expect(seen[count], `${count} of ${context}`).toBeGreaterThan(FIRINGS_MIN / 4);
      }
    }
  }, 3_600_000);
});
