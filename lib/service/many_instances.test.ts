import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { until } from "../../test/harness/until.ts";
import { connectService, openService, type RemoteService } from "./remote.ts";
import {
  type InstanceProcess,
  InstanceProcesses,
  schemaOf,
  serveInstance,
  TestHome,
  type TestMethods,
} from "./testing/mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const processes = new InstanceProcesses();
afterAll(() => processes[Symbol.dispose]());

/** Callers that do not pause. */
const CALLERS = 32;
/** Calls that each of the phases of a test waits for. */
const PHASE_CALLS = 2_000;

/** Calls that go on until they are stopped, and what became of them. */
class Load {
  answered = 0;
  readonly failed: unknown[] = [];
  #isStopped = false;
  readonly #callers: Promise<void>[];

  constructor(call: () => Promise<unknown>) {
    this.#callers = Array.from({ length: CALLERS }, () => this.#call(call));
  }

  /** Resolves when this many more calls have been answered. */
  async more(calls = PHASE_CALLS): Promise<void> {
    const wanted = this.answered + calls;
    await until(() => this.answered >= wanted, `${calls} more calls; failed: ${this.failed.slice(0, 3).join("\n")}`);
  }

  async stop(): Promise<unknown[]> {
    this.#isStopped = true;
    await Promise.all(this.#callers);
    return this.failed;
  }

  async #call(call: () => Promise<unknown>): Promise<void> {
    while (!this.#isStopped) {
      try {
        await call();
        this.answered++;
      } catch (error) {
        this.failed.push(error);
      }
    }
  }
}

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

/** Resolves when all of `instances` have been seen answering, and nobody else in a row of calls. */
async function answering(service: RemoteService, instances: string[], method = "who"): Promise<void> {
  await until(async () => {
    const seen = new Set(await Promise.all(Array.from({ length: 50 }, () => service.call(method, [0]))));
    return [...seen].sort().join() === instances.join();
  }, `calls to be answered by ${instances}`);
}

test("no idempotent call fails when one of three instances is killed", async () => {
  await using home = new TestHome();
  const [victim] = await Promise.all([1, 2, 3].map((number) => processes.start(home, { name: "shop", number })));
  const shop = await connectService("shop");
  await answering(shop, ["shop@1", "shop@2", "shop@3"]);
  const load = new Load(() => shop.call("twice", [1]));
  await load.more();
  victim!.kill("SIGKILL");
  await load.more();
  expect(await load.stop()).toEqual([]);
  await answering(shop, ["shop@2", "shop@3"]);
  await shop.close();
});

test("of calls that are not idempotent only those fail that a killed instance was answering", async () => {
  await using home = new TestHome();
  const [victim] = await Promise.all([1, 2, 3].map((number) => processes.start(home, { name: "shop", number })));
  const shop = await connectService("shop");
  await answering(shop, ["shop@1", "shop@2", "shop@3"]);
  const load = new Load(() => shop.call("once", [1]));
  await load.more();
  victim!.kill("SIGKILL");
  await load.more();
  const failed = await load.stop();
  expect(failed.length).toBeLessThanOrEqual(CALLERS);
  for (const error of failed) expect(error).toMatchObject({ code: "UNAVAILABLE" });
  await shop.close();
});

test("a client that is connected to one instance only goes on at once when that is killed", async () => {
  await using home = new TestHome();
  const children = await Promise.all([1, 2].map((number) => processes.start(home, { name: "shop", number })));
  const shop = await connectService("shop");
  const { pid } = await shop.hello();
  const answers = Array.from({ length: 200 }, () => shop.call("twice", [1]));
  children.find((child) => child.pid === pid)!.kill("SIGKILL");
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 200 }, () => 1));
  await shop.close();
});

test("no call fails when an instance drains, idempotent or not", async () => {
  await using home = new TestHome();
  const [leaving] = await Promise.all([1, 2, 3].map((number) => processes.start(home, { name: "shop", number })));
  const shop = await connectService("shop");
  await answering(shop, ["shop@1", "shop@2", "shop@3"]);
  const load = new Load(() => shop.call("once", [1]));
  await load.more();
  leaving!.kill("SIGTERM");
  await load.more();
  expect(await leaving!.exited).toBe(0);
  await load.more();
  expect(await load.stop()).toEqual([]);
  await answering(shop, ["shop@2", "shop@3"]);
  await shop.close();
});

test("no call fails when every instance is replaced, one after the other", async () => {
  await using home = new TestHome();
  let old = await Promise.all([1, 2].map((number) => processes.start(home, { name: "shop", number })));
  const shop = await connectService("shop");
  const load = new Load(() => shop.call("once", [1]));
  for (const round of [1, 2]) {
    const fresh: InstanceProcess[] = [];
    for (const child of old) {
      const number = 2 * round + fresh.length + 1;
      fresh.push(await processes.start(home, { name: "shop", number, release: round + 1, extra: `added${round}` }));
      child.kill("SIGTERM");
      await child.exited;
      await load.more(500);
    }
    old = fresh;
  }
  expect(await load.stop()).toEqual([]);
  await answering(shop, ["shop@5", "shop@6"]);
  await shop.close();
});

test("a new instance gets calls while the client goes on calling", async () => {
  await using home = new TestHome();
  await processes.start(home, { name: "shop", number: 1 });
  const shop = await connectService("shop");
  await answering(shop, ["shop@1"]);
  await processes.start(home, { name: "shop", number: 2 });
  await answering(shop, ["shop@1", "shop@2"]);
  await shop.close();
});

const anything = { kind: "unknown" as const };
const TEXT = { params: [{ name: "value", type: { kind: "string" as const } }], result: anything };
const NUMBER = { params: [{ name: "value", type: { kind: "number" as const } }], result: anything };

/** Two species of a service: `who` fits callers of either, `shape` does not, and each has a method of its own. */
function species(instance: string, shape: typeof TEXT | typeof NUMBER, own: string): TestMethods {
  const who = () => instance;
  return { who, shape: { fn: who, method: shape }, [own]: who };
}

test("callers reach the species that they were compiled against, others the newest", async () => {
  await using home = new TestHome();
  await serveInstance(home, { name: "shop", number: 1, release: 1 }, species("old", TEXT, "former"));
  await serveInstance(home, { name: "shop", number: 2, release: 2 }, species("new", NUMBER, "latter"));
  const pinned = openService("shop", { schema: schemaOf("shop", species("", TEXT, "former")) });
  const free = openService("shop");
  for (let round = 0; round < 10; round++) {
    expect(await pinned.call("shape", ["text"])).toBe("old");
    expect(await free.call("shape", [1])).toBe("new");
  }
  await Promise.all([pinned.close(), free.close()]);
});

test("a caller whose species has gone is served by the newest that fits, method by method", async () => {
  await using home = new TestHome();
  const old = await serveInstance(home, { name: "shop", number: 1 }, species("old", TEXT, "former"));
  await serveInstance(home, { name: "shop", number: 2, release: 2 }, species("middle", TEXT, "latter"));
  await serveInstance(home, { name: "shop", number: 3, release: 3 }, species("new", NUMBER, "latter"));
  const pinned = openService("shop", { schema: old.schema });
  expect(await pinned.call("shape", ["text"])).toBe("old");
  await old.drain();
  expect(await pinned.call("who", [])).toBe("new");
  expect(await pinned.call("shape", ["text"])).toBe("middle");
  expect(await pinned.call("who", [])).toBe("new");
  expect(await pinned.call("shape", ["text"])).toBe("middle");
  const error = await rejection(pinned.call("former", []));
  expect(error.code).toBe("NOT_FOUND");
  expect(error.data).toMatchObject({ started: false });
  await pinned.close();
});

test("a method that only an older species has is found there, as is whether it is a stream", async () => {
  await using home = new TestHome();
  await serveInstance(home, { name: "shop", number: 1, release: 1 }, species("old", TEXT, "former"));
  await serveInstance(home, { name: "shop", number: 2, release: 2 }, species("new", TEXT, "latter"));
  const shop = openService("shop");
  expect(await shop.call("latter", [])).toBe("new");
  expect(await shop.call("former", [])).toBe("old");
  expect(await shop.isStream("former")).toBe(false);
  const error = await rejection(shop.call("formal", []));
  expect(error.message).toBe("shop has no method formal.");
  await shop.close();
});

test("a call that one instance refuses because it is full is answered by another, and fails at once without one", async () => {
  await using home = new TestHome();
  const work = (instance: string, fn: () => unknown) => ({
    who: { fn, method: {}, options: { maxConcurrency: 1 } },
    name: () => instance,
  });
  await serveInstance(home, { name: "shop", number: 1 }, work("full", () => new Promise(() => {})));
  const waiting = Array.from({ length: 2 }, () => openService("shop"));
  const full = connectService("shop");
  for (const client of waiting) {
    for (let call = 0; call < 600; call++) client.call("who", []).catch(() => {});
  }
  await until(async () => (await (await full).stats()).inFlight === 1_025, "the queue to be full");
  const refused = await rejection((await full).call("who", []));
  expect(refused.code).toBe("RESOURCE_EXHAUSTED");
  await serveInstance(home, { name: "shop", number: 2 }, work("free", () => "free"));
  for (let round = 0; round < 20; round++) {
    const shop = openService("shop");
    expect(await shop.call("who", [])).toBe("free");
    await shop.close();
  }
  await Promise.all([...waiting, await full].map((client) => client.close()));
});
