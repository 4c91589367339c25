import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { until } from "../harness/mod.ts";
import { NodeMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const MAIN = join(import.meta.dir, "../../main.ts");

/** Makes a process believe in another time from the moment on that a file appears or changes. */
const JUMPING = `
import { readFileSync } from "node:fs";
const realNow = Date.now;
const Real = Date;
const offset = () => { try { return Number(readFileSync(process.env.CELL_HOME + "/../offset", "utf8")); } catch { return 0; } };
globalThis.Date = class extends Real {
  constructor(...args) { args.length === 0 ? super(realNow() + offset()) : super(...args); }
  static now() { return realNow() + offset(); }
};
`;

const SERVICE = `
export function pid(): number { return process.pid; }
export function now(): number { return Date.now(); }
export function say(text: string): void { console.log(text); }
`;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The clock of this machine is not a test's to set, so the agent runs from its sources with a Date that jumps, and so does
 * the service; timers and the monotonic clock stay what they are, as they do when an operator or NTP sets the time.
 */
test("a clock that jumps by days in either direction disturbs neither agent nor services", async () => {
  await using machine = new NodeMachine();
  const jumping = machine.write("jumping.js", JUMPING);
  await machine.ok(["init", "--node-id", "test"]);
  machine.write("home/node.toml", `[node]\nid = "test"\nheartbeat = "250ms"\n`);
  machine.start(["--preload", jumping, MAIN, "nucleus"], { command: [process.execPath] });
  await until(() => machine.status().catch(() => undefined), "the agent to answer");
  await machine.deploy("timely", `${JUMPING}\n${SERVICE}`, ["--instances", "2"]);
  const before = await machine.untilUp("timely", 2);
  for (const offset of [DAY_MS * 400, -DAY_MS * 400, 0]) {
    machine.write("offset", String(offset));
    await until(async () => {
      const now = await machine.call<number>("timely", "now");
      return Math.abs(now - Date.now() - offset) < DAY_MS;
    }, "the service to live in another time");
    await machine.ok(["call", "timely", "say", `at ${offset}`]);
    // Long enough for several heartbeats to be missed, if they were measured on this clock.
    const calls = (await machine.instances("timely")).map(({ load }) => load?.calls ?? 0);
    await machine.ok(["call", "timely", "pid"]);
    await until(async () => {
      const later = (await machine.instances("timely")).map(({ load }) => load?.calls ?? 0);
      return later.join() !== calls.join();
    }, "another heartbeat");
    const after = await machine.untilUp("timely", 2);
    expect(after.map(({ pid, restarts }) => ({ pid, restarts })))
      .toEqual(before.map(({ pid, restarts }) => ({ pid, restarts })));
    for (const { uptimeMs } of after) {
      expect(uptimeMs).toBeGreaterThanOrEqual(0);
      expect(uptimeMs).toBeLessThan(DAY_MS);
    }
    await machine.untilHealthy();
    expect((await machine.ok(["logs", "timely"])).stdout).toContain(`at ${offset}`);
  }
  await machine.ok(["scale", "timely", "1"]);
  await machine.untilUp("timely", 1);
});
