import { CellError, SECOND } from "../../lib/base/mod.ts";
import { AgentHome, type Case, type CaseContext, installPeers, type Measurement } from "../harness/mod.ts";
import { MoleculerPool } from "./moleculer_pool.ts";
import { countFailedCalls, type Side } from "./under_load.ts";

const INSTANCES = 3;
/** How long old and new version run side by side: ten swaps, the peer's rounds included, are not to take a minute. */
const OBSERVE = "500ms";
/** An instance that is not back after this will not come. */
const BACK_MS_MAX = 20 * SECOND;
const BACK_POLL_MS = 20;
const LOAD = "under 5,000 calls/s";

/** Answers after 5 ms, as the peer does: so 25 calls are under way whatever happens. */
const GREET = `async ({ name }: { name: string }) => {
  await Bun.sleep(5);
  return { greeting: \`Hello, \${name}!\` };
}`;
const ONCE = `export const greet = ${GREET};\n`;
const IDEMPOTENT = `import { method } from "cell";\nexport const greet = method({ idempotent: true }, ${GREET});\n`;

/** A new version of the code takes over. Every version has one more method than the one before: another species. */
export const swap: Case = {
  name: "swap",
  summary: `calls that fail while \`cell swap\` replaces a version, ${LOAD} (needs the peers)`,
  needsBinary: true,
  async measure(context) {
    const home = await deployed(context, ONCE);
    let source = ONCE;
    let version = 0;
    const happen = async (): Promise<void> => {
      version++;
      source += `export const version${version} = (): number => ${version};\n`;
      await home.cell("swap", "hello", home.write("hello", source), "--observe", OBSERVE);
    };
    return againstStop(context, { client: await called(home), happen, restore: nothing }, "`cell swap`");
  },
};

/** Two of three instances go. */
export const scale: Case = {
  name: "scale",
  summary: `calls that fail while \`cell scale\` ends two of three instances, ${LOAD} (needs the peers)`,
  needsBinary: true,
  async measure(context) {
    const home = await deployed(context, ONCE);
    const happen = (): Promise<void> => home.cell("scale", "hello", "1");
    const restore = (): Promise<void> => home.cell("scale", "hello", String(INSTANCES));
    return againstStop(context, { client: await called(home), happen, restore }, "`cell scale` from 3 to 1");
  },
};

/** One of three instances is killed; its calls may be made again. */
export const kill: Case = {
  name: "kill",
  summary: `calls that fail when one of three instances is killed, methods idempotent, ${LOAD} (needs the peers)`,
  needsBinary: true,
  async measure(context) {
    const home = await deployed(context, IDEMPOTENT);
    let turn = 0;
    const happen = async (): Promise<void> => {
      const pids = await home.pidsUp(INSTANCES);
      process.kill(pids[turn++ % INSTANCES]!, "SIGKILL");
    };
    const ours = { client: await called(home), happen, restore: () => allBack(home) };
    const pool = await MoleculerPool.start(context, "all");
    const reference = { client: pool.client, happen: () => pool.endOne("kill"), restore: () => pool.restore() };
    return countFailedCalls(context, { ours, reference }, {
      event: "`kill -9`",
      reference: "Moleculer with retries, one of two nodes killed",
    });
  },
};

async function deployed(context: CaseContext, source: string): Promise<AgentHome> {
  await installPeers(context.progress);
  const home = await AgentHome.up(context);
  await home.cell("deploy", home.write("hello", source), "--instances", String(INSTANCES));
  return home;
}

async function called(home: AgentHome): Promise<Side["client"]> {
  const client = home.startClient("paced_client.ts", "hello");
  await client.answer();
  return client;
}

/** Nothing says that the methods may run twice: both sides make only those calls again that certainly did not. */
async function againstStop(context: CaseContext, ours: Side, event: string): Promise<Measurement[]> {
  const pool = await MoleculerPool.start(context, "not-taken");
  const reference = { client: pool.client, happen: () => pool.endOne("stop"), restore: () => pool.restore() };
  return countFailedCalls(context, { ours, reference }, {
    event,
    reference: "Moleculer with tracking and retries, one of two nodes stopped",
  });
}

async function allBack(home: AgentHome): Promise<void> {
  const deadline = performance.now() + BACK_MS_MAX;
  for (;;) {
    const up = (await home.instances()).filter(({ state }) => state === "up").length;
    if (up === INSTANCES) return;
    if (performance.now() > deadline) {
      throw new CellError("INTERNAL", `expected ${INSTANCES} instances ${BACK_MS_MAX} ms after a kill, found ${up}`);
    }
    await Bun.sleep(BACK_POLL_MS);
  }
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
