import { CellError, MS, SECOND } from "../lib/base/mod.ts";
import { connectNucleus, NUCLEUS, type NucleusClient } from "../lib/nucleus/client/mod.ts";
import { isRunning, processEntry } from "../lib/nucleus/process/mod.ts";
import { type Holder, holders } from "../lib/service/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { countInstances } from "./follow_service.ts";
import { ProgressLine } from "./progress_line.ts";
import { isAbsent } from "./running_nucleus.ts";
import { say } from "./stderr.ts";

/** The agent gives its workers 12 s before it kills them; this is how long all of it may take. */
const DOWN_MS_MAX = 30 * SECOND;
const POLL_MS = 20 * MS;
/** More names than this do not help. */
const LISTED_MAX = 8;

/** `cell down` */
export function command(): AnyCommand {
  return createCommand("down", {
    description: "Let the instances of all deployed services finish their calls and end, then the agent. " +
      "What was deployed is started again by the next `cell up`.",
    examples: [
      ["cell down", "returns when everything has ended"],
      ["cell stop hello", "one service only"],
    ],
    notes: "What `cell run` started goes on. Nothing to stop is no error.",
  })
    .action(async () => {
      const nucleus = await connectOrAbsent();
      const deployed = deployedHolders();
      if (nucleus === undefined) return await endOrphans(deployed);
      if (deployed.length > 0) say(`draining ${listed(deployed)}`);
      await using _ = nucleus;
      const hold = (): Holder[] =>
        holders().filter(({ service, number }) => number !== undefined || service === NUCLEUS);
      const ending = processesOf(hold());
      await shutDown(nucleus);
      await untilGone(ending, hold);
      say(`nucleus is down${deployed.length === 0 ? "" : `, ${countInstances(deployed.length)} drained`}`);
    });
}

async function connectOrAbsent(): Promise<NucleusClient | undefined> {
  try {
    return await connectNucleus({ timeoutMs: DOWN_MS_MAX });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The agent may end before its answer has left. */
async function shutDown(nucleus: NucleusClient): Promise<void> {
  try {
    await nucleus.shutdown();
  } catch (error) {
    if (!(error instanceof CellError) || error.code !== "UNAVAILABLE") throw error;
  }
}

/** Instances whose agent has died end as they would with one: they drain on SIGTERM. */
async function endOrphans(instances: readonly Holder[]): Promise<void> {
  if (instances.length === 0) return say("nucleus is not running, and nothing that it deployed");
  say(`nucleus is not running; draining what it left: ${listed(instances)}`);
  const ending = processesOf(instances);
  for (const { pid } of instances) if (pid !== undefined) signalEnd(pid);
  await untilGone(ending, deployedHolders);
  say(`${countInstances(instances.length)} drained`);
}

function signalEnd(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It has ended by itself.
  }
}

/** A process that is to end, and a name that it has. */
interface Ending {
  readonly holder: Holder;
  readonly pid: number;
  readonly startTicks: number | undefined;
}

function processesOf(named: readonly Holder[]): Ending[] {
  return named.flatMap((holder) => {
    const { pid } = holder;
    return pid === undefined ? [] : [{ holder, pid, startTicks: processEntry(pid)?.startTicks }];
  });
}

/**
 * Waits until no name is held and no process is left, and shows how many there are still. A process gives its name up
 * first and ends when it has answered its calls.
 */
async function untilGone(ending: readonly Ending[], hold: () => Holder[]): Promise<void> {
  const line = new ProgressLine();
  const startedAt = performance.now();
  const left = (): Holder[] => {
    const held = hold();
    const nameless = ending.filter(({ pid, startTicks }) => isRunning(pid, startTicks)).map(({ holder }) => holder)
      .filter(({ instance }) => held.every((other) => other.instance !== instance));
    return [...held, ...nameless];
  };
  for (let remaining = left(); remaining.length > 0; remaining = left()) {
    if (performance.now() - startedAt > DOWN_MS_MAX) {
      line.clear();
      const pids = remaining.map(({ instance, pid }) => `${instance} (pid ${pid ?? "unknown"})`).slice(0, LISTED_MAX);
      throw new CellError(
        "DEADLINE_EXCEEDED",
        `stopping: ${pids.join(", ")} did not end within ${DOWN_MS_MAX / SECOND} s; \`kill -9 PID\` ends what hangs`,
      );
    }
    const instances = remaining.filter(({ service }) => service !== NUCLEUS).length;
    line.update(instances > 0 ? `draining, ${countInstances(instances)} left` : "waiting for the agent to end");
    await Bun.sleep(POLL_MS);
  }
  line.clear();
}

function deployedHolders(): Holder[] {
  return holders().filter(({ number }) => number !== undefined);
}

/** `hello (3 instances), shop (1 instance)` */
function listed(instances: readonly Holder[]): string {
  const counts = Map.groupBy(instances, ({ service }) => service);
  const names = [...counts].map(([service, group]) => `${service} (${countInstances(group.length)})`);
  return names.slice(0, LISTED_MAX).join(", ") +
    (names.length > LISTED_MAX ? `, and ${names.length - LISTED_MAX} more` : "");
}
