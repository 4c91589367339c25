import {
  type Case,
  type CaseContext,
  compare,
  greet,
  HelloService,
  installPeers,
  interleave,
  moleculerCommand,
} from "../harness/mod.ts";

const CACHED = { warmUps: 2, rounds: 15 };
const UNCACHED = { warmUps: 0, rounds: 3 };
const REFERENCE = "Moleculer broker in Node, first local call";

/**
 * From spawn to the first answered call. Ours is called over the Unix socket by another process that runs already;
 * Moleculer calls itself and says so on stdout, which spares it the discovery of a second node.
 */
export const firstCall: Case = {
  name: "first-call",
  summary: "`cell run` from spawn to the first answered call, beside a Moleculer broker (needs the peers)",
  needsBinary: true,
  async measure(context) {
    await installPeers(context.progress);
    const cached = new HelloService(context);
    await (await cached.start()).stop();
    const warm = await interleave(CACHED, () => cellMs(cached), () => moleculerMs(context));
    const cold = await interleave(UNCACHED, () => cellMs(new HelloService(context)), () => moleculerMs(context));
    return [
      compare(warm, {
        metric: "spawn to first answer, schema cached",
        unit: "ms",
        reference: REFERENCE,
        target: { valueMax: 60, ratioMax: 0.5 },
      }),
      compare(cold, { metric: "spawn to first answer, schema not cached", unit: "ms", reference: REFERENCE }),
    ];
  },
};

async function cellMs(service: HelloService): Promise<number> {
  const started = performance.now();
  const program = service.spawn();
  const client = await service.connect(program);
  await greet(client);
  const elapsed = performance.now() - started;
  await client.close();
  await program.stop();
  return elapsed;
}

async function moleculerMs({ resources }: CaseContext): Promise<number> {
  const started = performance.now();
  const program = resources.start(moleculerCommand("first-call"));
  await program.answer();
  const elapsed = performance.now() - started;
  await program.stop();
  return elapsed;
}
