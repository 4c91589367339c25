import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { hostRole } from "../role/mod.ts";
import { holders } from "../service/mod.ts";
import { until } from "../../test/harness/until.ts";
import { Agent } from "./agent.ts";
import { connectNucleus, type InstanceStatus, type NucleusClient } from "./client/mod.ts";
import { FOLLOWERS_MAX } from "./followers.ts";

// Processes that start take seconds on a busy machine.
setDefaultTimeout(120_000);

const SPECIES = "0123456789abcdef";

/** An agent in this process whose workers are a line of sh: they never register. */
class TestAgent implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  readonly #saved = process.env["CELL_HOME"];
  readonly agent: Agent;
  #end: (() => Promise<void>) | undefined;
  #disposed: Promise<void> | undefined;
  nucleus!: NucleusClient;

  private constructor(versionCommand: readonly string[]) {
    this.agent = new Agent({
      version: "1.2.3",
      log: (line) => this.lines.push(line),
      workerCommand: ["sh", "-c", "sleep 1000 & wait", "worker"],
      command: ["/nonexistent"],
      versionCommand,
    });
  }

  static async start(versionCommand: readonly string[] = ["/nonexistent", "--version"]): Promise<TestAgent> {
    const test = new TestAgent(versionCommand);
    process.env["CELL_HOME"] = join(test.folder, "home");
    try {
      const hosted = await hostRole(test.agent, { log: (line) => test.lines.push(line) });
      test.#end = () => hosted.end();
      test.nucleus = await connectNucleus();
      return test;
    } catch (error) {
      await test[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Deploys without a package: what runs is sh. */
  create(name: string, replicas: number): void {
    const { store, supervisor } = this.agent;
    const settings = { replicas, minReplicas: 0, maxReplicas: 4, idleMs: 60_000, cpuTarget: undefined };
    store.create({ name, ...settings }, { package: "a".repeat(64), species: SPECIES, env: {} });
    supervisor.reload(name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    try {
      await this.nucleus?.close();
      await this.#end?.();
    } finally {
      if (this.#saved === undefined) delete process.env["CELL_HOME"];
      else process.env["CELL_HOME"] = this.#saved;
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

/** What must not change when a change was refused. */
async function everything({ nucleus }: TestAgent) {
  const { services } = await nucleus.status();
  return {
    services,
    instances: (await nucleus.instances()).map(({ instance, pid, state }) => ({ instance, pid, state })),
  };
}

test("an agent says who it is and what it looks after", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 2);
  expect(await test.nucleus.status()).toMatchObject({
    pid: process.pid,
    version: "1.2.3",
    home: process.env["CELL_HOME"],
    heartbeatMs: 5000,
    services: [{ name: "hello", state: "starting", replicas: 2, minReplicas: 0, maxReplicas: 4, up: 0 }],
  });
  expect(await test.nucleus.instances()).toMatchObject([
    { instance: "hello@1", number: 1, release: 1, state: "starting", pid: expect.any(Number), restarts: 0, load: null },
    { instance: "hello@2", number: 2, release: 1, state: "starting", pid: expect.any(Number), restarts: 0, load: null },
  ]);
  expect(await test.nucleus.health()).toEqual({ healthy: false, problems: ["hello is starting, 0 of 2 up"] });
});

test("a change that cannot be stored is an error and changes nothing that runs", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 2);
  const before = await everything(test);
  const full = new CellError("RESOURCE_EXHAUSTED", "writing state.db: no space left on device");
  const { store } = test.agent;
  store.configure = store.remove = store.removeSpecies = () => {
    throw full;
  };
  const { nucleus } = test;
  const changes = [() => nucleus.scale("hello", 1), () => nucleus.stop("hello"), () => nucleus.remove("hello")];
  for (const change of changes) await expect(change()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  expect(await everything(test)).toEqual(before);
});

test("counts that cannot be, names that are unknown and a binary that is gone are refused, and nothing changes", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 1);
  const before = await everything(test);
  const { nucleus } = test;
  for (const count of [-1, 0.5, NaN, Infinity, 1e9, 5]) {
    await expect(nucleus.scale("hello", count)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  const unknown = [
    () => nucleus.scale("helo", 1),
    () => nucleus.stop("helo"),
    () => nucleus.restart("helo"),
    () => nucleus.remove("helo"),
    () => nucleus.activate("helo"),
    () => nucleus.follow("helo").next(),
  ];
  for (const call of unknown) {
    await expect(call()).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("hello") });
  }
  await expect(nucleus.remove("hello", "f".repeat(16))).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(nucleus.restart("nucleus")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  const [{ pid, release }] = await nucleus.instances() as [InstanceStatus];
  const worker = { service: "hello", number: 1, release, pid: pid!, startedAt: new Date() };
  for (
    const wrong of [{ species: "x".repeat(1_000_000) }, { species: SPECIES, number: NaN }, {
      species: SPECIES,
      number: 0.5,
    }]
  ) {
    await expect(nucleus.register({ ...worker, ...wrong })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  const request = { service: "hello", package: "b".repeat(64), mode: "deploy" } as const;
  await expect(nucleus.deploy(request)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(nucleus.deploy({ ...request, package: "../x" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(nucleus.deploy({ ...request, service: "nucleus" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(await everything(test)).toEqual(before);
});

test("whoever wakes a service that is stopped is told how to start it, also when it is stopped meanwhile", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 0);
  const waking = test.nucleus.activate("hello").catch((error: unknown) => error);
  await test.nucleus.stop("hello");
  expect(await waking).toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("cell restart hello"),
  });
  await expect(test.nucleus.activate("hello")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("an agent that goes down while its binary is asked is not executed anew", async () => {
  await using test = await TestAgent.start([
    "sh",
    "-c",
    ": > asked; until [ -e down ]; do sleep 0.01; done; echo cell 2.0.0",
  ]);
  const upgrade = test.agent.upgrade().catch((error: unknown) => error);
  const inHome = (name: string) => join(process.env["CELL_HOME"]!, name);
  await until(() => existsSync(inHome("asked")), "the binary to be asked");
  await test.agent.shutdown();
  writeFileSync(inHome("down"), "");
  expect(await upgrade).toMatchObject({ code: "FAILED_PRECONDITION", message: expect.stringContaining("going down") });
});

test("a node.toml that the next program could not read keeps this one in charge", async () => {
  await using test = await TestAgent.start(["echo", "cell 2.0.0"]);
  const path = join(process.env["CELL_HOME"]!, "node.toml");
  writeFileSync(path, "[node]\nid = 7\n");
  await expect(test.nucleus.restart("nucleus")).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(path),
  });
});

test("whoever follows or wakes a service is told when the agent goes down", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 1);
  test.create("sleeper", 0);
  const { followers, activations } = test.agent.supervisor;
  const following = (async () => {
    for await (const _ of test.nucleus.follow("hello"));
  })().catch((error: unknown) => error);
  const waking = test.nucleus.activate("sleeper").catch((error: unknown) => error);
  await until(() => followers.size === 1 && activations.services.length === 1, "both to wait");
  await test.agent.shutdown();
  for (const error of [await following, await waking]) {
    expect(error).toMatchObject({ code: "FAILED_PRECONDITION", message: expect.stringContaining("going down") });
  }
});

test("a service is removed however many follow what becomes of it", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 1);
  test.create("other", 1);
  const standing = { progress: { phase: "starting", up: 0, wanted: 1 }, isSettled: false, failure: undefined } as const;
  for (let count = 0; count < FOLLOWERS_MAX; count++) {
    await test.agent.supervisor.followers.follow("other", () => standing).next();
  }
  await test.nucleus.remove("hello");
  expect((await test.nucleus.status()).services.map(({ name }) => name)).toEqual(["other"]);
});

test("logs that cannot be removed, or be read, end neither the agent nor what it does", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 1);
  const logs = join(process.env["CELL_HOME"]!, "logs");
  chmodSync(logs, 0o777);
  await test.nucleus.remove("hello");
  await until(() => test.lines.some((line) => line.includes(logs)), "the agent to say so");
  expect((await test.nucleus.status()).services).toEqual([]);
  chmodSync(logs, 0o700);
});

test("a promotion whose outcome cannot be read is tried again", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 1);
  const { store, supervisor } = test.agent;
  store.addCandidate("hello", { package: "b".repeat(64), species: SPECIES, env: {}, parallel: false, observeMs: 0 });
  supervisor.reload("hello");
  const read = store.service.bind(store);
  store.service = () => {
    throw new CellError("UNAVAILABLE", "reading state.db: input/output error");
  };
  for (const { number, pid } of await test.nucleus.instances()) {
    supervisor.onRegistered({ service: "hello", number }, pid!, SPECIES);
  }
  expect(test.lines.at(-1)).toContain("trying again");
  store.service = read;
  await until(async () => (await test.nucleus.status()).services[0]?.releases[0]?.number === 2, "the promotion");
  await until(async () => (await test.nucleus.instances()).length === 1, "the old release to be gone");
});

test("an agent that ends leaves no process and no name", async () => {
  await using test = await TestAgent.start();
  test.create("hello", 3);
  const pids = (await test.nucleus.instances()).map(({ pid }) => pid!);
  await test[Symbol.asyncDispose]();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  expect(holders()).toEqual([]);
  expect(test.lines.at(-1)).toBe("nucleus is down");
});
