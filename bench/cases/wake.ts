import {
  AgentHome,
  type Case,
  type CaseContext,
  compare,
  installPeers,
  interleave,
  moleculerCommand,
  type Program,
} from "../harness/mod.ts";

const ROUNDS = { warmUps: 2, rounds: 15 };
const REFERENCE = "Moleculer broker in Node, first local call";

/** A call to a service of which nothing runs: the agent starts an instance, the call waits for it. */
export const wake: Case = {
  name: "wake",
  summary: "the first answer of a service scaled to zero, beside starting a Moleculer broker (needs the peers)",
  needsBinary: true,
  async measure(context) {
    await installPeers(context.progress);
    const home = await AgentHome.up(context);
    await home.cell("deploy", home.writeHello("hello"), "--min", "0");
    const client = home.startClient("wake_client.ts", "hello");
    await client.answer();
    const moleculer = () => moleculerMs(context);
    const fromProcess = await interleave(ROUNDS, () => asleep(home, () => firstAnswerMs(client)), moleculer);
    const fromCommand = await interleave(ROUNDS, () => asleep(home, () => commandMs(home)), moleculer);
    return [
      compare(fromProcess, {
        metric: "first answer, service scaled to zero",
        unit: "ms",
        reference: REFERENCE,
        target: { valueMax: 60, ratioMax: 0.2 },
      }),
      compare(fromCommand, {
        metric: "the same with `cell call`, spawn to exit",
        unit: "ms",
        reference: REFERENCE,
      }),
    ];
  },
};

/** Measures once nothing of the service runs. */
async function asleep(home: AgentHome, measure: () => Promise<number>): Promise<number> {
  await home.cell("scale", "hello", "0");
  await home.pidsUp(0);
  return measure();
}

async function firstAnswerMs(client: Program): Promise<number> {
  return ((await client.ask({ calls: 1 })) as { p50Micros: number }).p50Micros / 1000;
}

async function commandMs(home: AgentHome): Promise<number> {
  const started = performance.now();
  await home.cell("call", "hello", "greet", "name=World");
  return performance.now() - started;
}

async function moleculerMs({ resources }: CaseContext): Promise<number> {
  const started = performance.now();
  const program = resources.start(moleculerCommand("first-call"));
  await program.answer();
  const elapsed = performance.now() - started;
  await program.stop();
  return elapsed;
}
