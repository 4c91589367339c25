import { expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "../../lib/base/mod.ts";
import type { InstanceStatus } from "../../lib/nucleus/client/mod.ts";
import { until } from "../harness/mod.ts";
import { isAlive, Load, NodeMachine, SEED } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** Whatever operators and accidents do to a node in any order, its callers do not notice. */
const ROUNDS = process.env["CELL_SOAK"] === undefined ? 15 : 1_000;

const source = (version: string): string => `
import { method } from "cell";
export const version = method({ idempotent: true }, async (): Promise<string> => {
  await Bun.sleep(2);
  return ${JSON.stringify(version)};
});
export async function once(): Promise<number> { await Bun.sleep(2); return process.pid; }
`;

const EVENTS = ["swap", "scale", "restart", "execute", "kill the agent", "kill a worker", "end a worker"] as const;

/** Ends one of several instances that are up; none when there is only one, whose callers would wait for the next. */
async function signalOne(machine: NodeMachine, random: () => number, signal: NodeJS.Signals): Promise<void> {
  // The agent may not know yet of one that was killed just now.
  const up = (await machine.instances("ledger")).filter(({ state, pid }) => state === "up" && isAlive(pid!));
  const one = up[Math.floor(random() * up.length)];
  if (up.length <= 1) return;
  process.kill(one!.pid!, signal);
  // Its calls fail when it has died, which takes until it gets a core.
  if (signal === "SIGKILL") await until(() => !isAlive(one!.pid!), "the killed worker to end");
}

async function happen(event: (typeof EVENTS)[number], machine: NodeMachine, random: () => number): Promise<void> {
  switch (event) {
    case "swap": {
      const file = machine.write("ledger.ts", source(String(random())));
      return void await machine.ok(["swap", "ledger", file, "--observe", "100ms"]);
    }
    case "scale":
      return void await machine.ok(["scale", "ledger", String(1 + Math.floor(random() * 5))]);
    case "restart":
      return void await machine.ok(["restart", "ledger"]);
    case "execute":
      return void await machine.ok(["restart", "nucleus"]);
    case "kill the agent":
      process.kill((await machine.status()).pid, "SIGKILL");
      return void await machine.ok(["up"]);
    case "kill a worker":
      return await signalOne(machine, random, "SIGKILL");
    case "end a worker":
      return await signalOne(machine, random, "SIGTERM");
  }
}

test("no call fails whatever is done to a node, but those in flight on a worker that is killed", async () => {
  const random = seededRandom(SEED);
  await using machine = await NodeMachine.up({ heartbeat: "500ms" });
  await machine.deploy("ledger", source("first"), ["--instances", "3"]);
  await using safe = await Load.start("ledger", { method: "version" });
  await using once = await Load.start("ledger", { method: "once" });
  for (let round = 0; round < ROUNDS; round++) {
    const event = EVENTS[Math.floor(random() * EVENTS.length)]!;
    const context = `seed ${SEED}, round ${round}: ${event}`;
    const failedBefore = once.failures.length;
    await happen(event, machine, random);
    await safe.more(30);
    expect(safe.failures, context).toEqual([]);
    const failed = once.failures.slice(failedBefore);
    if (event !== "kill a worker") expect(failed, context).toEqual([]);
    expect(failed.filter((failure) => !failure.startsWith("UNAVAILABLE")), context).toEqual([]);
    // So many ends in a row are a crash loop, which a restart by hand ends.
    const isGivenUp = ({ state }: InstanceStatus): boolean => state === "crash-looping";
    if ((await machine.instances("ledger")).some(isGivenUp)) await machine.ok(["restart", "ledger"]);
  }
  await safe.stop();
  await once.stop();
}, 3_600_000);
