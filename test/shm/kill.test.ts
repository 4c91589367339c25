import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "../../lib/base/mod.ts";
import type { RemoteService } from "../../lib/service/mod.ts";
import { type Running, until } from "../harness/mod.ts";
import { privateBytesOf, SEED } from "../nucleus/harness/mod.ts";
import {
  descriptorsOf,
  MOVING_TRANSPORTS,
  sharedDescriptorsOf,
  sharedMappingsOf,
  sharedNames,
  ShmMachine,
} from "./harness/mod.ts";
import type { LoadReport } from "./processes/load.ts";

setDefaultTimeout(120_000);

/**
 * kill -9 of one side of many connections at random moments of every kind of call, thousands of them going on. Whatever
 * had begun ends, the other side works on, and nothing of the dead is kept.
 */
const KILLS = process.env["CELL_SOAK"] === undefined
  ? { uds: 12, shm: 24, auto: 12 }
  : { uds: 200, shm: 500, auto: 500 };
/** Processes that are killed in turns: while one starts again the others are under load. */
const VICTIMS = 4;
/** A kill comes at any moment of the first calls of a process... */
const KILL_AFTER_MS_MAX = 15;
/** ...and one of so many while it starts and connects. */
const EARLY_ONE_IN = 4;
const START_MS_MAX = 60;
/** What a survivor may hold more than before: garbage that nobody collected, and its own growth under load. */
const GROWTH_BYTES_MAX = 128 * 2 ** 20;

/** What a process holds of others. */
function holdings(pid: number) {
  return {
    descriptors: descriptorsOf(pid).length,
    sharedDescriptors: sharedDescriptorsOf(pid).length,
    sharedMappings: sharedMappingsOf(pid),
  };
}

/** Waits until a process holds no more than it did; garbage is collected meanwhile. */
async function untilBackTo(before: ReturnType<typeof holdings>, pid: number, control: RemoteService): Promise<void> {
  let last = before;
  try {
    await until(async () => {
      await control.call("collect", []);
      last = holdings(pid);
      return Object.entries(before).every(([name, count]) => last[name as keyof typeof before] <= count);
    }, "the survivor to hold no more than before");
  } catch (error) {
    throw new Error(`${String(error)}: before ${Bun.inspect(before)}, now ${Bun.inspect(last)}`);
  }
}

describe.each(MOVING_TRANSPORTS)("over %s", (transport) => {
  const random = seededRandom(SEED);
  const namesBefore = sharedNames();

  /** Kills and starts again what `start` gives, `count` times. */
  async function killAgain(
    count: number,
    start: () => Promise<Running> | Running,
    underLoad: (victim: Running) => Promise<void>,
    onEnd: (victim: Running) => void = () => {},
  ): Promise<void> {
    for (let kills = 0; kills < count; kills++) {
      const victim = await start();
      if (random() * EARLY_ONE_IN < 1) await Bun.sleep(random() * START_MS_MAX);
      else {
        await underLoad(victim);
        await Bun.sleep(random() * KILL_AFTER_MS_MAX);
      }
      await victim.kill();
      onEnd(victim);
    }
  }

  test(
    `kill -9 of servers leaves no call of their client without an end, and nothing of theirs in it (seed ${SEED})`,
    async () => {
      await using machine = new ShmMachine(transport);
      const names = Array.from({ length: VICTIMS }, (_, index) => `target-${index}`);
      const caller = await machine.run("caller", "caller");
      const control = await machine.control("caller");
      const firsts = await Promise.all(names.map((name) => machine.run("target", name)));
      // The first calls open what every process opens once.
      await control.call("beginLoad", [names]);
      await control.call("endLoad", []);
      await control.call("collect", []);
      await until(() => sharedMappingsOf(caller.pid) === 0, "the first connections to be forgotten");
      const before = holdings(caller.pid);
      const bytesBefore = privateBytesOf(caller.pid);

      await control.call("beginLoad", [names]);
      const answeredBy = async (name: string): Promise<number> =>
        (await control.call("report", []) as LoadReport).answered[name] ?? 0;
      await Promise.all(names.map(async (name, index) => {
        let running: Running | undefined = firsts[index]!;
        await killAgain(
          Math.ceil(KILLS[transport] / VICTIMS),
          async () => {
            const victim = running ?? await machine.run("target", name);
            running = undefined;
            return victim;
          },
          async () => {
            const goal = await answeredBy(name) + 3;
            await until(async () => await answeredBy(name) >= goal, `${name} to be called`);
          },
        );
      }));
      await Promise.all(names.map((name) => machine.run("target", name)));
      const report = await control.call("endLoad", []) as LoadReport;
      expect(report.wrong).toEqual([]);
      expect(report.pending).toBe(0);
      // They did hit calls that were being made, of whichever kind.
      const hit = ["once", "count", "total"].filter((kind) => report.failed[`${kind} UNAVAILABLE`] !== undefined);
      expect(hit, Bun.inspect(report.failed)).not.toEqual([]);
      expect(report.answered).toMatchObject(Object.fromEntries(names.map((name) => [name, expect.any(Number)])));

      // No wake-up was lost on the way: whoever sleeps is woken.
      for (const name of names) await control.call("open", [name, 1]);
      await control.call("callWithPauses", [30, 30]);
      if (transport !== "uds") expect(sharedMappingsOf(caller.pid)).toBeGreaterThan(0);
      await control.call("closeAll", []);
      await untilBackTo(before, caller.pid, control);
      expect(privateBytesOf(caller.pid) - bytesBefore).toBeLessThan(GROWTH_BYTES_MAX);
    },
    3_600_000,
  );

  test(
    `kill -9 of clients harms no other client, and leaves nothing of theirs in the server (seed ${SEED})`,
    async () => {
      await using machine = new ShmMachine(transport);
      const target = await machine.run("target", "target");
      await machine.run("caller", "caller");
      const [targetControl, control] = [await machine.control("target"), await machine.control("caller")];
      await control.call("beginLoad", [["target"]]);
      await control.call("endLoad", []);
      await targetControl.call("collect", []);
      await until(() => sharedMappingsOf(target.pid) === 0, "the first connections to be forgotten");
      const before = holdings(target.pid);
      const bytesBefore = privateBytesOf(target.pid);

      await control.call("beginLoad", [["target"]]);
      const said: string[] = [];
      await Promise.all(Array.from({ length: VICTIMS }, () =>
        killAgain(
          Math.ceil(KILLS[transport] / VICTIMS),
          () => machine.script("driver", { TARGETS: "target" }),
          (victim) => victim.until(() => victim.stdout.includes("under load"), "the client to call"),
          (victim) => said.push(...victim.stdout.split("\n").filter((line) => line.startsWith("wrong"))),
        )));
      expect(said).toEqual([]);
      const report = await control.call("endLoad", []) as LoadReport;
      expect(report.wrong).toEqual([]);
      expect(report.failed).toEqual({});

      await control.call("open", ["target", 4]);
      await control.call("callWithPauses", [30, 30]);
      await control.call("closeAll", []);
      await until(async () => (await targetControl.stats()).inFlight === 0, "the calls of the dead to end");
      await untilBackTo(before, target.pid, targetControl);
      expect(privateBytesOf(target.pid) - bytesBefore).toBeLessThan(GROWTH_BYTES_MAX);
    },
    3_600_000,
  );

  test("nothing has a name in /dev/shm that had none before", async () => {
    // What other cells of this machine do there passes; what was left by those who died stays.
    await until(() => sharedNames().every((name) => namesBefore.includes(name)), "new names in /dev/shm to be gone");
  });
});
