import { expect, test } from "bun:test";
import { connectService } from "../../lib/service/mod.ts";
import { processesOf, until } from "../harness/mod.ts";
import { NodeMachine } from "./harness/mod.ts";

/**
 * The agent is killed at a random moment of a change, often with everything that it looks after, as when the power fails.
 * Whatever was acknowledged has to be there after the next start; whatever was not may be there or not, but whole.
 */
const ROUNDS = process.env["CELL_SOAK"] === undefined ? 12 : 300;
/** Most changes are under way at this time, and some are done. */
const KILL_AFTER_MS_MAX = 600;
/** Printed with a failure; CELL_SEED=n draws the same moments again. */
const SEED = Number(process.env["CELL_SEED"] ?? Date.now() % 2 ** 31);

/** What was asked for. */
interface Wanted {
  replicas: number;
  version: string;
}

const source = (version: string): string => `export function version(): string { return ${JSON.stringify(version)}; }`;

/** mulberry32: small, seeded, good enough to draw moments. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The commands of a change, and what is wanted after it. */
function change(round: number, random: () => number, before: Wanted, machine: NodeMachine): [string[], Wanted] {
  const version = `v${round}`;
  const file = (): string => machine.write("ledger.ts", source(version));
  switch (round % 3) {
    case 0:
      return [["swap", "ledger", file(), "--observe", "200ms"], { ...before, version }];
    case 1: {
      const replicas = before.replicas === 1 ? 2 + Math.floor(random() * 3) : 1;
      return [["scale", "ledger", String(replicas)], { ...before, replicas }];
    }
    default: {
      const replicas = 1 + Math.floor(random() * 3);
      return [["deploy", file(), "--instances", String(replicas), "--observe", "200ms"], { replicas, version }];
    }
  }
}

/** Ends the agent, and half of the time whatever else runs. */
async function cut(machine: NodeMachine, agent: number, isPowerLoss: boolean): Promise<void> {
  process.kill(agent, "SIGKILL");
  await until(() => {
    const left = processesOf(machine.home).filter((pid) => pid === agent || isPowerLoss);
    for (const pid of left) kill(pid);
    return left.length === 0;
  }, "the killed processes to end");
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

test("killed at any moment of a deploy, a swap or a scaling, a node converges to what was asked for", async () => {
  const random = seeded(SEED);
  await using machine = await NodeMachine.up({ heartbeat: "250ms" });
  await machine.deploy("ledger", source("v"), ["--instances", "2"]);
  let before: Wanted = { replicas: 2, version: "v" };
  for (let round = 0; round < ROUNDS; round++) {
    const context = `seed ${SEED}, round ${round}`;
    const { pid: agent } = await machine.status();
    const [args, after] = change(round, random, before, machine);
    const killAfterMs = random() * KILL_AFTER_MS_MAX;
    const isPowerLoss = random() < 0.5;
    const command = machine.cell(args);
    await Promise.race([command, Bun.sleep(killAfterMs)]);
    await cut(machine, agent, isPowerLoss);
    const { exit } = await command;
    await machine.ok(["up"]);
    const found = await until(
      () => settled(machine).catch(() => undefined),
      `the node to converge after ${args.join(" ")} (${context})`,
    );
    if (exit === 0) expect(found, context).toEqual(after);
    else expect([before, after], context).toContainEqual(found);
    const known = [(await machine.status()).pid, ...await machine.pids("ledger")].sort();
    await until(
      () => processesOf(machine.home).sort().join() === known.join(),
      `no process to be left that the node does not know (${context})`,
    );
    before = found;
  }
}, 3_600_000);
