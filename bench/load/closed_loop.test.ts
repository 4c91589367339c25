import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Resources } from "../harness/mod.ts";

const resources = new Resources();
afterAll(() => resources.release());

const CLOSED_LOOP = join(import.meta.dir, "closed_loop.ts");

/** A program that measures `call`, an expression; in it time passes only where it is told to. */
async function started(call: string) {
  const program = `
    import { answerWithCalls } from ${JSON.stringify(CLOSED_LOOP)};
    let nowMs = 0;
    performance.now = () => nowMs;
    globalThis.setTimeout = (callback, ms) => { nowMs += ms; queueMicrotask(callback); };
    let calls = 0;
    let inFlight = 0;
    let mostInFlight = 0;
    const check = (answer) => { if (answer !== 7) throw new Error("wrong: " + answer); };
    await answerWithCalls({ call: ${call}, check, transport: () => String(mostInFlight) });
  `;
  const running = resources.start([process.execPath, "-e", program]);
  await running.answer();
  return running;
}

test("a latency is the time of a call, without the pause before it", async () => {
  const program = await started("async () => { nowMs += ++calls; return 7; }");
  // The first call is made before any is measured.
  expect(await program.ask({ calls: 3 })).toMatchObject({ p50Micros: 3_000 });
  expect(await program.ask({ calls: 3, pauseMs: 500 })).toMatchObject({ p50Micros: 6_000 });
});

test("as many calls are under way as were asked for, until the time is over", async () => {
  const call = `async () => {
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    await null;
    nowMs++;
    inFlight--;
    return 7;
  }`;
  const program = await started(call);
  expect(await program.ask({ inFlight: 8, durationMs: 100 })).toEqual({ callsPerSecond: 1_000, transport: "8" });
});

test("a wrong answer ends the program, which says so", async () => {
  const program = await started("async () => (++calls < 4 ? 7 : 8)");
  await expect(program.ask({ calls: 10 })).rejects.toThrow("wrong: 8");
});
