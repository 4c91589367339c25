import { join } from "node:path";
import { CellError, MIB, SECOND } from "../../lib/base/mod.ts";
import {
  type Case,
  type CaseContext,
  compare,
  compileFloor,
  HelloService,
  installPeers,
  type Measurement,
  moleculerCommand,
  type Program,
} from "../harness/mod.ts";
import { contextSwitchesSince, readCosts } from "./process_costs.ts";

const ROUNDS = 3;
/** A process that has just started still compiles and collects. */
const SETTLE_MS = 2 * SECOND;
const WINDOW_MS = 5 * SECOND;
/** One tick of the kernel's clock may fall on anyone. */
const CPU_MS_MAX = 10;
const PRIVATE_MIB_MAX = 12;
const MOLECULER = "idle Moleculer node";

/** What is at rest at the same time. */
type Side = "cold" | "warm" | "moleculer" | "listener";
type Figure = "privateMib" | "cpuMs" | "switchesPerSecond";
type Round = Record<Side, Record<Figure, number>>;

/** A service that has answered a call and now has nothing to do, started without and with a cached schema. */
export const idle: Case = {
  name: "idle",
  summary: "memory, CPU time and wake-ups of a service at rest, beside a Moleculer node (Linux; needs the peers)",
  needsBinary: true,
  async measure(context) {
    if (process.platform !== "linux") {
      throw new CellError("FAILED_PRECONDITION", "the idle case reads /proc: Linux only");
    }
    await installPeers(context.progress);
    const listener = compileFloor("echo_server.ts", context.resources);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(context, listener));
    return [...measurements(rounds, "cold", "schema not cached"), ...measurements(rounds, "warm", "schema cached")];
  },
};

function measurements(rounds: readonly Round[], side: Side, start: string): Measurement[] {
  const samples = (figure: Figure, reference: Side) => ({
    ours: rounds.map((round) => round[side][figure]),
    reference: rounds.map((round) => round[reference][figure]),
  });
  return [
    compare(samples("privateMib", "moleculer"), {
      metric: `private memory, ${start}`,
      unit: "MiB",
      reference: MOLECULER,
      target: { valueMax: PRIVATE_MIB_MAX },
    }),
    compare(samples("cpuMs", "moleculer"), {
      metric: `CPU time in ${WINDOW_MS / SECOND} s, ${start}`,
      unit: "ms",
      reference: MOLECULER,
      target: { valueMax: CPU_MS_MAX },
    }),
    compare(samples("switchesPerSecond", "listener"), {
      metric: `context switches, ${start}`,
      unit: "1/s",
      reference: "Bun program that only listens",
    }),
  ];
}

/** All at rest at once: the same seconds of the same machine. */
async function measureRound(context: CaseContext, listenerBinary: string): Promise<Round> {
  const { resources } = context;
  const cachedService = new HelloService(context);
  await (await cachedService.start()).stop();
  const moleculer = resources.start(moleculerCommand("alone"));
  const socket = join(resources.temporaryDirectory(), "listener.sock");
  const listener = resources.start([listenerBinary, socket, "1", "1"]);
  await Promise.all([moleculer.answer(), listener.answer()]);
  const programs = {
    cold: await new HelloService(context).start(),
    warm: await cachedService.start(),
    moleculer,
    listener,
  };
  await Bun.sleep(SETTLE_MS);
  const finish = mapSides(programs, startWindow);
  await Bun.sleep(WINDOW_MS);
  const round = mapSides(finish, (end) => end());
  await Promise.all(Object.values(programs).map((program) => program.stop()));
  return round;
}

/** Reads what the program has used until now; the result reads again and gives the difference. */
function startWindow(program: Program): () => Record<Figure, number> {
  const before = readCosts(program.pid);
  return () => {
    program.assertRunning();
    const now = readCosts(program.pid);
    return {
      privateMib: now.privateBytes / MIB,
      cpuMs: now.cpuMs - before.cpuMs,
      switchesPerSecond: contextSwitchesSince(before, now) / (WINDOW_MS / SECOND),
    };
  };
}

function mapSides<In, Out>(sides: Record<Side, In>, transform: (one: In) => Out): Record<Side, Out> {
  return {
    cold: transform(sides.cold),
    warm: transform(sides.warm),
    moleculer: transform(sides.moleculer),
    listener: transform(sides.listener),
  };
}
