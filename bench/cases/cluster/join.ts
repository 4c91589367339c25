import { type Case, type CaseContext, ClusterHome, compare, interleave } from "../../harness/mod.ts";

const ROUNDS = { warmUps: 1, rounds: 5 };
const SECONDS_MAX = 2;

/** From typing `cell join TOKEN` on a new machine to the answer of a service that another one has. */
export const join: Case = {
  name: "cluster-join",
  summary:
    "`cell join` on a new node, then a call of a service on another node, beside the same call when it has joined",
  needsBinary: true,
  async measure(context) {
    const first = await ClusterHome.up(context);
    await first.cell("deploy", first.writeHello("hello"));
    const comparison = await interleave(
      ROUNDS,
      () => joinSeconds(context, first),
      () => callSeconds(context, first),
    );
    return [
      compare(comparison, {
        metric: "cell join, and the first call",
        unit: "s",
        reference: "the call alone, of a node that has joined",
        target: { valueMax: SECONDS_MAX },
      }),
    ];
  },
};

async function joinSeconds(context: CaseContext, first: ClusterHome): Promise<number> {
  const token = await first.token();
  const second = await ClusterHome.up(context);
  const started = performance.now();
  await second.cell("join", token);
  await second.cell("call", "hello", "greet", "name=World");
  const elapsed = performance.now() - started;
  await second.cell("down");
  return elapsed / 1000;
}

async function callSeconds(context: CaseContext, first: ClusterHome): Promise<number> {
  const second = await ClusterHome.up(context);
  await second.cell("join", await first.token());
  await second.cell("call", "hello", "greet", "name=World");
  const started = performance.now();
  await second.cell("call", "hello", "greet", "name=World");
  const elapsed = performance.now() - started;
  await second.cell("down");
  return elapsed / 1000;
}
