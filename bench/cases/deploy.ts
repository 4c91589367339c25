import { join } from "node:path";
import { AgentHome, type Case, type CaseContext, compare, compileFloor, interleave } from "../harness/mod.ts";

const ROUNDS = { warmUps: 1, rounds: 7 };
const INSTANCES = 20;
const SECONDS_MAX = 3;

/** From the file that somebody has just edited to twenty instances that answer. */
export const deploy: Case = {
  name: "deploy",
  summary:
    `\`cell deploy\` of ${INSTANCES} instances to all healthy, beside starting as many programs that only listen`,
  needsBinary: true,
  async measure(context) {
    const home = await AgentHome.up(context);
    const listener = compileFloor("echo_server.ts", context.resources);
    let edit = 0;
    const comparison = await interleave(
      ROUNDS,
      () => deploySeconds(home, ++edit),
      () => listenersSeconds(context, listener),
    );
    return [
      compare(comparison, {
        metric: `deploy of ${INSTANCES} instances`,
        unit: "s",
        reference: `${INSTANCES} compiled Bun programs that only listen, all at once`,
        target: { valueMax: SECONDS_MAX },
      }),
    ];
  },
};

/** Every round deploys a text that was never seen, so that the compiler reads its types. */
async function deploySeconds(home: AgentHome, edit: number): Promise<number> {
  const file = home.writeHello("hello", `// edit ${edit}\n`);
  const started = performance.now();
  await home.cell("deploy", file, "--instances", String(INSTANCES));
  const elapsed = performance.now() - started;
  await home.pidsUp(INSTANCES);
  await home.cell("rm", "hello");
  return elapsed / 1000;
}

async function listenersSeconds({ resources }: CaseContext, binary: string): Promise<number> {
  const folder = resources.temporaryDirectory();
  const started = performance.now();
  const programs = Array.from(
    { length: INSTANCES },
    (_, index) => resources.start([binary, join(folder, `${index}.sock`), "1", "1"]),
  );
  await Promise.all(programs.map((program) => program.answer()));
  const elapsed = performance.now() - started;
  await Promise.all(programs.map((program) => program.stop()));
  return elapsed / 1000;
}
