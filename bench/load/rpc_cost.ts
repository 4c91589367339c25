/**
 * What a call costs beside whatever moves its bytes: client and server in one process, over links that hand bytes over when
 * they are told to, so that every nanosecond is that of `lib/rpc`, the codecs and the promises.
 *
 *     bun bench/load/rpc_cost.ts
 *
 * Prints nanoseconds per call, the least of many rounds: other work on the machine makes calls slower, never faster. Both
 * sides together take more in one process than in two, because their code does not fit the innermost cache.
 */
import { CellError } from "../../lib/base/mod.ts";
import { createClient, createServer, type RpcClient } from "../../lib/rpc/mod.ts";
import { type PumpedLink, pumpedLinks } from "../../lib/rpc/pumped_links.ts";
import { finishSchema } from "../../lib/schema/mod.ts";
import { drainMicrotasks } from "../../lib/sys/mod.ts";

const ROUNDS = 60;
const CALLS = 16_384;
const AT_ONCE = 512;
const ARGS = [{ name: "World" }];

const text = { kind: "string" } as const;
const schema = finishSchema({
  name: "hello",
  methods: {
    greet: {
      params: [{ name: "input", type: { kind: "object", properties: { name: { type: text } } } }],
      result: { kind: "object", properties: { greeting: { type: text } } },
    },
  },
  types: {},
});
const greet = async ({ name }: { name: string }) => ({ greeting: `Hello, ${name}!` });

/** A client and a server that were introduced to each other, and their ends of the connection. */
async function pair(): Promise<{ client: RpcClient; here: PumpedLink; there: PumpedLink }> {
  const [there, here] = pumpedLinks();
  createServer({ schema, handlers: { greet: { fn: greet } }, instance: "cost" }).accept(there);
  const client = createClient(here, { schema });
  const hello = client.hello();
  there.receiveNow();
  here.receiveNow();
  await hello;
  return { client, here, there };
}

/** Calls one after the other, each awaited. */
async function oneByOne(): Promise<() => void> {
  const { client, here, there } = await pair();
  return () => {
    let isOver = false;
    const loop = async () => {
      for (let call = 0; call < CALLS; call++) await client.call("greet", ARGS);
      isOver = true;
    };
    void loop();
    while (!isOver) {
      there.receiveNow();
      here.receiveNow();
      drainMicrotasks();
    }
  };
}

/** Many calls, then all their answers. */
async function manyAtOnce(): Promise<() => void> {
  const { client, here, there } = await pair();
  return () => {
    for (let made = 0; made < CALLS; made += AT_ONCE) {
      for (let call = 0; call < AT_ONCE; call++) void client.call("greet", ARGS);
      there.receiveNow();
      here.receiveNow();
      drainMicrotasks();
    }
  };
}

/** Calls without promises. */
async function synchronous(): Promise<() => void> {
  const { client, here, there } = await pair();
  here.beforeReceiving = () => there.receiveNow();
  return () => {
    for (let call = 0; call < CALLS; call++) client.callSync("greet", ARGS);
  };
}

/** One recorded frame in a writer, as if the other side had written it, for call `id`. */
function write({ writer }: PumpedLink, frame: Uint8Array, id: number): void {
  writer.reserve(frame.length);
  const { bytes, view, length } = writer;
  for (let index = 0; index < frame.length; index++) bytes[length + index] = frame[index]!;
  view.setUint32(length + 8, id, true);
  writer.length = length + frame.length;
}

/** A request and its answer, as bytes. */
async function recorded({ client, here, there }: Awaited<ReturnType<typeof pair>>): Promise<[Uint8Array, Uint8Array]> {
  const call = client.call("greet", ARGS);
  const request = here.writer.written().slice();
  there.receiveNow();
  drainMicrotasks();
  const answer = there.writer.written().slice();
  here.receiveNow();
  const result = await call as { greeting: string };
  if (result.greeting !== "Hello, World!") throw new CellError("INTERNAL", `greet answered ${result.greeting}`);
  return [request, answer];
}

/** The server's half: requests come from a record, answers go nowhere. */
async function serverAlone(): Promise<() => void> {
  const both = await pair();
  const { here, there } = both;
  const [request] = await recorded(both);
  let id = 1000;
  return () => {
    for (let call = 0; call < CALLS; call++) {
      write(here, request, id++);
      here.commit();
      there.receiveNow();
      drainMicrotasks();
      there.forget();
    }
  };
}

/** The client's half: requests go nowhere, answers come from a record. */
async function clientAlone(): Promise<() => void> {
  const both = await pair();
  const { client, here, there } = both;
  const [, answer] = await recorded(both);
  return () => {
    for (let call = 0; call < CALLS; call++) {
      void client.call("greet", ARGS);
      const id = here.writer.view.getUint32(8, true);
      here.forget();
      write(there, answer, id);
      there.commit();
      here.receiveNow();
      drainMicrotasks();
    }
  };
}

const STAGES: { [stage: string]: () => Promise<() => void> } = {
  "both sides, one call after the other": oneByOne,
  [`both sides, ${AT_ONCE} calls at once`]: manyAtOnce,
  "both sides, synchronously": synchronous,
  "the client alone": clientAlone,
  "the server alone": serverAlone,
};

/** The least time that a call took in one of the rounds. */
async function measure(stage: string): Promise<number> {
  const run = await STAGES[stage]!();
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = Bun.nanoseconds();
    run();
    least = Math.min(least, (Bun.nanoseconds() - startedAt) / CALLS);
  }
  return least;
}

const [, , chosen] = process.argv;
if (chosen === undefined) {
  // Each in a process of its own: what the compiler has seen of other clients makes the code of one slower.
  for (const stage of Object.keys(STAGES)) {
    Bun.spawnSync([process.execPath, import.meta.path, stage], { stdout: "inherit" });
  }
} else {
  console.log(`${chosen.padEnd(40)} ${(await measure(chosen)).toFixed(0).padStart(6)} ns`);
}
// Servers and clients wait for calls for ever.
process.exit(0);
