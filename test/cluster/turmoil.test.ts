import { expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "../../lib/base/mod.ts";
import type { InstanceStatus } from "../../lib/nucleus/client/mod.ts";
import { type ClusterNode, type Running, TestCluster, until } from "../harness/mod.ts";
import { SEED } from "../nucleus/harness/mod.ts";

setDefaultTimeout(3_600_000);

/** Whatever operators and accidents do to nodes, one at a time and in any order, callers on another node do not notice. */
const isSoak = process.env["CELL_SOAK"] !== undefined;
const ROUNDS = isSoak ? 500 : 6;

const source = (version: string): string => `
import { method } from "cell";
export const version = method({ idempotent: true }, async (): Promise<string> => {
  await Bun.sleep(2);
  return ${JSON.stringify(version)};
});
export async function once(): Promise<number> { await Bun.sleep(2); return process.pid; }
`;

/** Calls both methods without end. Prints each failure, and all the time how many answers there were, and since when the oldest call waits. */
const CALLERS = `
import { connect } from "cell";
const ledger = await connect("ledger", { timeoutMs: 60_000 });
let answered = 0;
const begun = new Array(8).fill(0);
async function ask(method: string, caller: number): Promise<void> {
  for (;;) {
    begun[caller] = Date.now();
    await ledger.call(method, []).then(() => answered++, ({ code, message }) => console.log(\`\${method}: \${code}: \${message}\`));
    await Bun.sleep(2);
  }
}
for (let caller = 0; caller < begun.length; caller++) void ask(caller % 2 === 0 ? "version" : "once", caller);
setInterval(() => console.log("answered", answered, "oldest", Math.min(...begun)), 50);
`;

const EVENTS = [
  "swap",
  "scale",
  "restart",
  "execute",
  "execute at the caller",
  "kill the agent",
  "kill a worker",
  "end a worker",
  "pull the plug",
  "stop for a while",
  "leave and come back",
] as const;
type Event = (typeof EVENTS)[number];

/** After these a call that was under way may have run or not: one that is not idempotent is not made again. */
const ENDS_CALLS: ReadonlySet<Event> = new Set(["kill a worker", "pull the plug", "stop for a while"]);

async function happen(event: Event, caller: ClusterNode, node: ClusterNode, random: () => number): Promise<void> {
  const on = ["--on", node.name];
  switch (event) {
    case "swap":
      caller.write("ledger.ts", source(String(random())));
      return void await caller.ok(["swap", "ledger", "ledger.ts", "--observe", "100ms", ...on]);
    case "scale":
      return void await caller.ok(["scale", "ledger", String(1 + Math.floor(random() * 3)), ...on]);
    case "restart":
      return void await caller.ok(["restart", "ledger", ...on]);
    case "execute":
      return void await caller.ok(["restart", "nucleus", ...on]);
    case "execute at the caller":
      return void await caller.ok(["restart", "nucleus"]);
    case "kill the agent":
      await node.killAgent();
      return await node.up();
    case "kill a worker":
      return void process.kill(await workerOf(node), "SIGKILL");
    case "end a worker":
      return void process.kill(await workerOf(node), "SIGTERM");
    case "pull the plug":
      await node.kill();
      return await node.up();
    case "stop for a while": {
      node.freeze();
      await until(async () => await stateOf(caller, node) !== "alive", `${node.name} to be missed`);
      return node.thaw();
    }
    case "leave and come back":
      await node.ok(["leave"]);
      return void await node.ok(["join"]);
  }
}

function workerOf(node: ClusterNode): Promise<number> {
  return until(async () => {
    const up = (await instancesOf(node)).find(({ state, pid }) => state === "up" && pid !== null);
    return up?.pid;
  }, `a worker of ${node.name}`);
}

function instancesOf(node: ClusterNode): Promise<InstanceStatus[]> {
  return node.ask("instances");
}

async function stateOf(observer: ClusterNode, { name }: ClusterNode): Promise<string | undefined> {
  return (await observer.members()).find((member) => member.name === name)?.state;
}

/** The process that calls. */
class Callers {
  constructor(private readonly running: Running) {}

  /** What has failed of a method so far. */
  failures(method: string): string[] {
    return this.running.stdout.split("\n").filter((line) => line.startsWith(`${method}:`));
  }

  /** Waits until every call that was made before now has ended, and `count` have been answered meanwhile. */
  async more(count: number): Promise<void> {
    const now = Date.now();
    const goal = this.#said().answered + count;
    const isDone = () => this.#said().answered >= goal && this.#said().oldest > now;
    await this.running.until(isDone, `${count} more answers`, 120_000);
  }

  #said(): { answered: number; oldest: number } {
    const [, answered = 0, oldest = 0] = /.*answered (\d+) oldest (\d+)\n/s.exec(this.running.stdout) ?? [];
    return { answered: Number(answered), oldest: Number(oldest) };
  }
}

test("no call that may be repeated fails on another node, whatever is done to one of the two that answer", async () => {
  const random = seededRandom(SEED);
  await using cluster = await TestCluster.start({ caller: {}, left: {}, right: {} });
  const [caller, left, right] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode];
  for (const node of [left, right]) await node.deploy("ledger", source("first"), ["--instances", "2"]);
  const serving = async () => new Set((await caller.discover("ledger")).map(({ node }) => node)).size;
  await until(async () => (await serving()) === 2, "both to be known");
  const running = caller.start(["run", caller.write("callers.ts", CALLERS)]);
  const callers = new Callers(running);
  await callers.more(100);
  for (let round = 0; round < ROUNDS; round++) {
    const event = EVENTS[Math.floor(random() * EVENTS.length)]!;
    const node = random() < 0.5 ? left : right;
    const context = `seed ${SEED}, round ${round}: ${event}, ${node.name}`;
    const failedBefore = callers.failures("once").length;
    await happen(event, caller, node, random);
    // The other one may be next: only one at a time is away.
    await cluster.untilAgreed();
    await until(async () => (await serving()) === 2, `both to serve again; ${context}`);
    await callers.more(30);
    expect(callers.failures("version"), context).toEqual([]);
    const failed = callers.failures("once").slice(failedBefore);
    // Once in many runs an instance that lives was given up for silent, and nobody knows why yet: only long runs ask for that.
    if (isSoak && !ENDS_CALLS.has(event)) expect(failed, context).toEqual([]);
    expect(failed.filter((line) => !line.startsWith("once: UNAVAILABLE")), context).toEqual([]);
    // So many ends in a row are a crash loop, which a restart by hand ends.
    if ((await instancesOf(node)).some(({ state }) => state === "crash-looping")) await node.ok(["restart", "ledger"]);
  }
  await running.kill();
});
