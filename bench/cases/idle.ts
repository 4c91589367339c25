import { CellError, MIB } from "../../lib/base/mod.ts";
import {
  type Case,
  type CaseContext,
  compare,
  type Comparison,
  HelloService,
  installPeers,
  type Measurement,
  moleculerCommand,
  type Program,
} from "../harness/mod.ts";
import { type ProcessCosts, readCosts } from "./process_costs.ts";

const ROUNDS = 3;
/** A process that has just started still compiles and collects; what is wanted is the state it stays in. */
const SETTLE_MS = 2_000;
const WINDOW_MS = 5_000;
/** One tick of the kernel's clock may fall on anyone. */
const CPU_MS_MAX = 10;
const PRIVATE_MIB_MAX = 12;
const REFERENCE = "idle Moleculer node";

/** A service that has answered a call and now has nothing to do, started without and with a cached schema. */
export const idle: Case = {
  name: "idle",
  summary:
    "private memory, CPU time and wake-ups of a service at rest, beside a Moleculer node (Linux; needs the peers)",
  needsBinary: true,
  async measure(context) {
    if (process.platform !== "linux") {
      throw new CellError("FAILED_PRECONDITION", "the idle case reads /proc: Linux only");
    }
    await installPeers(context.progress);
    const rounds: Record<"cold" | "warm" | "peer", ProcessCosts>[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(context));
    return (["cold", "warm"] as const).flatMap((side) => {
      const samples = (pick: (costs: ProcessCosts) => number): Comparison => ({
        ours: rounds.map((round) => pick(round[side])),
        reference: rounds.map((round) => pick(round.peer)),
      });
      const after = side === "cold" ? "schema not cached" : "schema cached";
      const [memory, cpu, switches]: Measurement[] = [
        compare(samples(({ privateBytes }) => privateBytes / MIB), {
          metric: `private memory, ${after}`,
          unit: "MiB",
          reference: REFERENCE,
          target: { valueMax: PRIVATE_MIB_MAX },
        }),
        compare(samples(({ cpuMs }) => cpuMs), {
          metric: `CPU time in ${WINDOW_MS / 1000} s, ${after}`,
          unit: "ms",
          reference: REFERENCE,
          target: { valueMax: CPU_MS_MAX },
        }),
        compare(samples(({ contextSwitches }) => contextSwitches / (WINDOW_MS / 1000)), {
          metric: `context switches, ${after}`,
          unit: "1/s",
          reference: REFERENCE,
        }),
      ];
      return [memory!, cpu!, switches!];
    });
  },
};

/** All three at rest at once: the same seconds of the same machine. */
async function measureRound(context: CaseContext): Promise<Record<"cold" | "warm" | "peer", ProcessCosts>> {
  const coldService = new HelloService(context);
  const warmService = new HelloService(context);
  await (await warmService.start()).stop();
  const peer = context.resources.start(moleculerCommand("alone"));
  await peer.answer();
  const programs = { cold: await coldService.start(), warm: await warmService.start(), peer };
  await Bun.sleep(SETTLE_MS);
  const before = { cold: readCosts(programs.cold.pid), warm: readCosts(programs.warm.pid), peer: readCosts(peer.pid) };
  await Bun.sleep(WINDOW_MS);
  const costs = {
    cold: costsSince(before.cold, programs.cold),
    warm: costsSince(before.warm, programs.warm),
    peer: costsSince(before.peer, peer),
  };
  await Promise.all(Object.values(programs).map((program) => program.stop()));
  return costs;
}

function costsSince(before: ProcessCosts, program: Program): ProcessCosts {
  program.assertRunning();
  const now = readCosts(program.pid);
  return {
    privateBytes: now.privateBytes,
    cpuMs: now.cpuMs - before.cpuMs,
    contextSwitches: now.contextSwitches - before.contextSwitches,
  };
}
