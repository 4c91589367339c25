import { CellError, SECOND } from "../../lib/base/mod.ts";
import {
  AgentHome,
  type Case,
  installPeers,
  type Measurement,
  median,
  moleculerCommand,
  percentile,
} from "../harness/mod.ts";
import { readCosts, readOwnCosts } from "./process_costs.ts";

const INSTANCES = 200;
/** Processes that have just started still compile and collect. */
const SETTLE_MS = 6 * SECOND;
/** Two heartbeats of each instance. */
const WINDOW_MS = 10 * SECOND;
const MEGABYTE = 1e6;
const INSTANCE_MB_MAX = 12;
const AGENT_MB_MAX = 60;
const AGENT_CORE_PERCENT_MAX = 2;
const REFERENCE = "idle Moleculer node";

/** Two hundred instances of one service that nobody calls, and the agent that they report to. */
export const fleet: Case = {
  name: "fleet",
  summary:
    `${INSTANCES} idle instances: memory of each, memory and CPU of the agent (Linux; 2 GB free; needs the peers)`,
  needsBinary: true,
  async measure(context) {
    if (process.platform !== "linux") {
      throw new CellError("FAILED_PRECONDITION", "the fleet case reads /proc: Linux only");
    }
    await installPeers(context.progress);
    const home = await AgentHome.up(context);
    context.progress(`deploying ${INSTANCES} instances`);
    await home.cell("deploy", home.writeHello("hello"), "--instances", String(INSTANCES));
    const moleculer = context.resources.start(moleculerCommand("alone"));
    await moleculer.answer();
    const agent = await home.agentPid();
    await Bun.sleep(SETTLE_MS);

    const instances = await home.pidsUp(INSTANCES);
    const agentShare = coreShare(() => readOwnCosts(agent).cpuMs);
    const fleetShare = coreShare(() => instances.reduce((sum, pid) => sum + readCosts(pid).cpuMs, 0));
    const moleculerShare = coreShare(() => readCosts(moleculer.pid).cpuMs);
    await Bun.sleep(WINDOW_MS);
    const [agentPercent, fleetPercent, moleculerPercent] = [agentShare(), fleetShare(), moleculerShare()];

    await assertAllReported(home);
    const eachMb = instances.map((pid) => readCosts(pid).privateBytes / MEGABYTE);
    const agentMb = readOwnCosts(agent).privateBytes / MEGABYTE;
    const moleculerMb = readCosts(moleculer.pid).privateBytes / MEGABYTE;
    const memory = (metric: string, value: number, valueMax: number): Measurement => ({
      ...{ metric, unit: "MB", value, reference: REFERENCE, referenceValue: moleculerMb },
      target: { valueMax },
    });
    return [
      memory(`private memory of an instance, median of ${INSTANCES}`, median(eachMb), INSTANCE_MB_MAX),
      memory(`private memory of an instance, largest of ${INSTANCES}`, percentile(eachMb, 1), INSTANCE_MB_MAX),
      memory("private memory of the agent", agentMb, AGENT_MB_MAX),
      {
        metric: `CPU of the agent, ${INSTANCES} instances reporting`,
        unit: "% of a core",
        value: agentPercent,
        reference: REFERENCE,
        referenceValue: moleculerPercent,
        target: { valueMax: AGENT_CORE_PERCENT_MAX },
      },
      {
        metric: "CPU of an instance, mean",
        unit: "% of a core",
        value: fleetPercent / INSTANCES,
        reference: REFERENCE,
        referenceValue: moleculerPercent,
      },
    ];
  },
};

/** Reads CPU time now; the result reads it again and gives the share of one core in between, in percent. */
function coreShare(readCpuMs: () => number): () => number {
  const before = readCpuMs();
  const startedAt = performance.now();
  return () => ((readCpuMs() - before) * 100) / (performance.now() - startedAt);
}

/** A fleet that says nothing costs its agent nothing. */
async function assertAllReported(home: AgentHome): Promise<void> {
  await home.pidsUp(INSTANCES);
  const silent = (await home.instances()).filter(({ load }) => load === null);
  if (silent.length === 0) return;
  throw new CellError("INTERNAL", `${silent.length} of ${INSTANCES} instances have not reported, expected heartbeats`);
}
