import { expect, setDefaultTimeout, test } from "bun:test";
import { connectService } from "../../lib/service/mod.ts";
import { readFileSync } from "node:fs";
import { seededRandom } from "../../lib/base/mod.ts";
import { processesOf, until } from "../harness/mod.ts";
import { HAS_PROC, isAlive, NodeMachine, SEED } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/**
 * The agent is killed at a random moment of a change, often with everything that it looks after, as when the power fails.
 * Whatever was acknowledged has to be there after the next start; whatever was not may be there or not, but whole.
 */
const ROUNDS = process.env["CELL_SOAK"] === undefined ? 10 : 300;
/** Most changes are under way at this time, and some are done. */
const KILL_AFTER_MS_MAX = { swap: 600, deploy: 600, scale: 150, restart: 300 };
/** An agent takes about this long to start. */
const START_MS_MAX = 60;

/** What was asked for. */
interface Wanted {
  replicas: number;
  version: string;
}

type Arguments = [command: keyof typeof KILL_AFTER_MS_MAX, ...string[]];

const source = (version: string): string => `export function version(): string { return ${JSON.stringify(version)}; }`;

/** The commands of a change, and what is wanted after it. */
function change(round: number, random: () => number, before: Wanted, machine: NodeMachine): [Arguments, Wanted] {
  const version = `v${round}`;
  const file = (): string => machine.write("ledger.ts", source(version));
  switch (round % 5) {
    case 0:
      return [["swap", "ledger", file(), "--observe", "200ms"], { ...before, version }];
    case 1: {
      const replicas = before.replicas === 1 ? 2 + Math.floor(random() * 3) : 1;
      return [["scale", "ledger", String(replicas)], { ...before, replicas }];
    }
    case 2:
      return [["restart", "ledger"], before];
    case 3:
      return [["restart", "nucleus"], before];
    default: {
      const replicas = 1 + Math.floor(random() * 3);
      return [["deploy", file(), "--instances", String(replicas), "--observe", "200ms"], { replicas, version }];
    }
  }
}

/** Ends the agent, and with it nothing, one other process, or whatever runs. */
async function cut(machine: NodeMachine, random: () => number): Promise<void> {
  // The agent goes first: it must not see what becomes of its workers.
  await ended(() => processesOf(machine.home).filter(isAgent));
  const others = processesOf(machine.home);
  const kind = random();
  if (kind < 0.4) await ended(() => processesOf(machine.home));
  else if (kind < 0.6 && others.length > 0) {
    await ended(() => [others[Math.floor(random() * others.length)]!].filter(isAlive));
  }
}

/** Kills processes until there are none of them. */
async function ended(find: () => number[]): Promise<void> {
  await until(() => {
    const left = find();
    for (const pid of left) kill(pid);
    return left.length === 0;
  }, "the killed processes to end");
}

/** Whether a process is the agent, of which there is one for a moment more when it is being started. */
function isAgent(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0nucleus\0");
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** What the node has come to: undefined while it is still on its way. */
async function settled(machine: NodeMachine): Promise<Wanted | undefined> {
  const { services: [service] } = await machine.status();
  const instances = await machine.instances("ledger");
  if (service === undefined || service.releases.length !== 1) return undefined;
  const [{ number, role }] = service.releases as [(typeof service.releases)[number]];
  const isWhole = role === "active" && instances.length === service.replicas &&
    instances.every(({ state, release }) => state === "up" && release === number);
  if (!isWhole) return undefined;
  const client = await connectService("ledger");
  try {
    return { replicas: service.replicas, version: String(await client.call("version", [])) };
  } finally {
    await client.close();
  }
}

test.skipIf(!HAS_PROC)(
  "killed at any moment of a deploy, a swap, a scaling or a restart, a node converges to what was asked for",
  async () => {
    const random = seededRandom(SEED);
    await using machine = await NodeMachine.up({ heartbeat: "250ms" });
    await machine.deploy("ledger", source("v"), ["--instances", "2"]);
    let before: Wanted = { replicas: 2, version: "v" };
    for (let round = 0; round < ROUNDS; round++) {
      const context = `seed ${SEED}, round ${round}`;
      const [args, after] = change(round, random, before, machine);
      const killAfterMs = random() * KILL_AFTER_MS_MAX[args[0]];
      const command = machine.cell(args);
      await Promise.race([command, Bun.sleep(killAfterMs)]);
      await cut(machine, random);
      const { exit } = await command;
      // The power that came back may go again while the agent looks around.
      if (random() < 0.3) {
        const up = machine.cell(["up"]);
        await Promise.race([up, Bun.sleep(random() * START_MS_MAX)]);
        await cut(machine, random);
        await up;
      }
      await machine.ok(["up"]);
      const found = await until(
        () => settled(machine).catch(() => undefined),
        `the node to converge after ${args.join(" ")} (${context})`,
      );
      if (exit === 0) expect(found, context).toEqual(after);
      else expect([before, after], context).toContainEqual(found);
      await until(
        async () => {
          const known = [(await machine.status()).pid, ...await machine.pids("ledger")].sort();
          return processesOf(machine.home).sort().join() === known.join();
        },
        `no process to be left that the node does not know (${context})`,
      );
      before = found;
    }
  },
  3_600_000,
);
