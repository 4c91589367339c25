import { afterEach, expect, jest, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import type { Link } from "../../net/mod.ts";
import type { Endpoint } from "../directory.ts";
import { isNowhere } from "../nowhere.ts";
import type { AgentState } from "./agent.ts";
import {
  ClusterDirectory,
  ENDPOINTS_MAX,
  HEAD_START_MS,
  type MachineDirectory,
  NEWS_MS_MAX,
} from "./cluster_directory.ts";
import { REOPEN_MS_MAX } from "./standing_stream.ts";
import { FakeAgent, knownOn, ownNode } from "./testing/fake_agent.ts";

afterEach(() => void jest.useRealTimers());

const HERE = ownNode("here");
const NEAR = ownNode("near");
const REGION = ownNode("region", { zone: "b" });
const FAR = ownNode("far", { region: "moon" });

/** A directory of one machine whose agent and locks say what a test wants. */
class World {
  readonly agent = new FakeAgent(HERE);
  /** What runs here. */
  local: string[] = [];
  /** What starting a service here does. */
  start: () => Promise<void> = () =>
    Promise.reject(new CellError("NOT_FOUND", "no service named hello is deployed here."));
  readonly dialed: string[] = [];
  readonly directory: ClusterDirectory;

  constructor({ isInsisting = false, state = "online" as AgentState } = {}) {
    this.agent.current = state;
    const ready = (): Endpoint[] => this.local.map((id) => endpoint(id));
    const local: MachineDirectory = {
      ready,
      list: () => Promise.resolve(ready()),
      find: async () => {
        this.agent.asked.push("start here");
        if (this.local.length === 0) await this.start();
        return ready();
      },
    };
    const dialer = {
      dial: ({ instance, node }: { instance: string; node: string }) => {
        this.dialed.push(`${node}/${instance}`);
        return Promise.reject<Link>(new CellError("UNAVAILABLE", "a test connects to nobody"));
      },
      schemaOf: () => Promise.reject(new Error("not asked")),
      close: () => void this.dialed.push("closed"),
    };
    this.directory = new ClusterDirectory({ local, agent: this.agent, dialer, isInsisting });
  }

  /** An instance of another node appears. */
  offer(node: typeof HERE, number = 1): void {
    this.agent.catalog.set(`${node.id}/${number}`, knownOn(node, { instance: `hello@${number}` }));
  }

  withdraw(node: typeof HERE, number = 1): void {
    this.agent.catalog.set(`${node.id}/${number}`, undefined);
  }

  async find(reach?: "near" | "everywhere"): Promise<string[]> {
    return shown(await this.directory.find("hello", reach));
  }

  async list(): Promise<string[]> {
    return shown(await this.directory.list("hello"));
  }
}

function endpoint(id: string): Endpoint {
  return { id, species: "s", release: 1, distance: 0, dial: () => Promise.reject(new Error("not dialed")) };
}

/** Each as what people read, with how far away it is. */
function shown(endpoints: readonly Endpoint[]): string[] {
  return endpoints.map(({ id, distance }) => {
    const [node, instance] = id.split("/");
    const name = [HERE, NEAR, REGION, FAR].find((one) => one.id === node)?.name;
    return name === undefined ? `${id} ${distance}` : `${name}/${instance} ${distance}`;
  });
}

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

test.each(["absent", "offline", "online"] as const)(
  "what runs here is found without asking anybody, whether the agent is %s or not",
  async (state) => {
    const world = new World({ state });
    world.local = ["hello@1", "hello@2"];
    world.offer(NEAR);
    expect(await world.find()).toEqual(["hello@1 0", "hello@2 0"]);
    expect(world.agent.asked).toEqual([]);
  },
);

test.each(["absent", "offline"] as const)("a machine whose agent is %s asks it nothing", async (state) => {
  const world = new World({ state });
  world.start = () => Promise.resolve(void (world.local = ["hello@1"]));
  expect(await world.list()).toEqual([]);
  expect(await world.find()).toEqual(["hello@1 0"]);
  expect(await world.list()).toEqual(["hello@1 0"]);
  expect(world.agent.asked).toEqual(["start here"]);
  expect(world.agent.streams.size).toBe(0);
});

test("what runs on other nodes only is found there, with how far away it is, before anything is started here", async () => {
  const world = new World();
  for (const node of [NEAR, REGION, FAR]) world.offer(node);
  expect(await world.find()).toEqual(["near/hello@1 1", "region/hello@1 2", "far/hello@1 3"]);
  expect(world.agent.asked.sort()).toEqual(["lookup hello", "self"]);
});

test("what sleeps here is started when the others need long to say that they have nothing", async () => {
  jest.useFakeTimers();
  const world = new World();
  world.start = () => Promise.resolve(void (world.local = ["hello@1"]));
  world.agent.onLookup = () => new Promise(() => {});
  const found = world.find();
  await settled();
  jest.advanceTimersByTime(HEAD_START_MS - 1);
  await settled();
  expect(world.agent.asked).not.toContain("start here");
  jest.advanceTimersByTime(1);
  expect(await found).toEqual(["hello@1 0"]);
});

test("what is not deployed here is waited for where others are asked for it", async () => {
  const world = new World();
  const woken = Promise.withResolvers<void>();
  world.agent.onLookup = () => woken.promise;
  const found = world.find();
  while (!world.agent.asked.includes("start here")) await Bun.sleep(1);
  world.offer(FAR);
  woken.resolve();
  expect(await found).toEqual(["far/hello@1 3"]);
});

test("what keeps another node from starting it is what the caller is told", async () => {
  const world = new World();
  world.agent.onLookup = () => Promise.reject(new CellError("FAILED_PRECONDITION", "hello is stopped on node far"));
  expect(await rejection(world.find())).toMatchObject({
    code: "FAILED_PRECONDITION",
    message: "hello is stopped on node far",
    data: { started: false },
  });
});

test("a service that nobody has is NOT_FOUND, with near names of the whole cluster", async () => {
  const world = new World();
  world.agent.catalog.set("x", knownOn(FAR, { service: "helo" }));
  const error = await rejection(world.find());
  expect(error.code).toBe("NOT_FOUND");
  expect(error.message).toBe(
    "no service named hello is deployed here. No other node of the cluster has it either. Did you mean helo?",
  );
});

test("a name that nobody has costs the names of services, not the whole catalogue", async () => {
  const world = new World();
  await rejection(world.find());
  expect(world.agent.asked.sort()).toEqual(["lookup hello", "members", "self", "services", "start here"]);
});

test.each(
  [
    [{ board: "failed" }, "Node board does not answer and may have it."],
    [{ board: "suspect", gone: "left" }, "Node board does not answer and may have it."],
    [
      { pi: "alive", board: "failed", vps: "failed" },
      "Nor has any other node that answers. Nodes board, vps do not answer and may have it.",
    ],
    [
      { a: "failed", b: "failed", c: "failed", d: "failed", e: "failed" },
      "Nodes a, b, c and 2 more do not answer and may have it.",
    ],
  ] as const,
)("a service may be on nodes that do not answer: these are named (%#)", async (states, said) => {
  const world = new World();
  for (const [name, state] of Object.entries(states)) world.agent.states.set(name, state);
  const error = await rejection(world.find());
  expect([error.code, error.message, error.retryable]).toEqual([
    "UNAVAILABLE",
    `no service named hello is deployed here. ${said}`,
    true,
  ]);
  expect(isNowhere(error)).toBe(true);
});

test("a service is not said to be nowhere when the agent did not say so", async () => {
  const world = new World();
  world.agent.onLookup = () => Promise.reject(new CellError("DEADLINE_EXCEEDED", "no answer"));
  const error = await rejection(world.find());
  expect([error.code, error.message, isNowhere(error)]).toEqual([
    "UNAVAILABLE",
    "no service named hello is deployed here. Whether another node has it the node agent does not say: no answer",
    false,
  ]);
});

test("an agent that does not answer has not said that there is no such service elsewhere, and keeps nothing from here", async () => {
  const world = new World();
  world.agent.onLookup = () => Promise.reject(new CellError("UNAVAILABLE", "the agent is gone"));
  world.start = () => Promise.resolve(void (world.local = ["hello@1"]));
  expect(await world.find()).toEqual(["hello@1 0"]);
});

test("a caller that goes on calling hears what changes, without asking again", async () => {
  const world = new World();
  world.local = ["hello@1"];
  world.offer(NEAR);
  expect(await world.list()).toEqual(["hello@1 0", "near/hello@1 1"]);
  world.offer(FAR, 7);
  await settled();
  expect(await world.list()).toEqual(["hello@1 0", "near/hello@1 1", "far/hello@7 3"]);
  world.withdraw(NEAR);
  await settled();
  expect(await world.list()).toEqual(["hello@1 0", "far/hello@7 3"]);
  expect(await world.find()).toEqual(["hello@1 0", "far/hello@7 3"]);
  expect(world.agent.asked.sort()).toEqual(["self", "watch hello"]);
  world.directory.close();
  await settled();
  expect([world.agent.streams.size, world.dialed]).toEqual([0, ["closed"]]);
});

test("whose machine answers nobody at the moment is listed as silent; an agent that is older says nothing of it", async () => {
  const world = new World();
  world.offer(NEAR);
  world.agent.catalog.set("mute", knownOn(FAR, { isSilent: true }));
  const listed = await world.directory.list("hello");
  expect(listed.map(({ distance, isSilent }) => [distance, isSilent])).toEqual([[1, false], [3, true]]);
  world.directory.close();
});

test("an instance of this very node is listed once, by its lock", async () => {
  const world = new World();
  world.local = ["hello@1"];
  world.offer(HERE);
  world.offer(NEAR);
  expect(await world.list()).toEqual(["hello@1 0", "near/hello@1 1"]);
  expect(await world.find("everywhere")).toEqual(["hello@1 0", "near/hello@1 1"]);
  world.directory.close();
});

test("what was known last is used while the agent is dead, and news are heard again when it is back", async () => {
  jest.useFakeTimers();
  const world = new World();
  world.offer(NEAR);
  expect(await world.list()).toEqual(["near/hello@1 1"]);
  world.agent.die();
  await settled();
  expect(await world.list()).toEqual(["near/hello@1 1"]);
  expect(await world.find("everywhere")).toEqual(["near/hello@1 1"]);
  world.offer(FAR);
  world.agent.current = "online";
  jest.advanceTimersByTime(2 * REOPEN_MS_MAX);
  await settled();
  expect(await world.list()).toEqual(["near/hello@1 1", "far/hello@1 3"]);
  world.directory.close();
});

test("a node that has left its cluster calls nobody there any more", async () => {
  const world = new World();
  world.offer(NEAR);
  expect(await world.list()).toEqual(["near/hello@1 1"]);
  world.agent.current = "offline";
  expect(await world.list()).toEqual([]);
  world.directory.close();
});

test("an agent that is slow with its first news does not hold calls up", async () => {
  jest.useFakeTimers();
  const world = new World();
  world.local = ["hello@1"];
  const watch = world.agent.watch.bind(world.agent);
  world.agent.watch = (service) => {
    const stream = watch(service);
    return { close: () => stream.close(), [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
  };
  const listed = world.list();
  await settled();
  jest.advanceTimersByTime(NEWS_MS_MAX);
  expect(await listed).toEqual(["hello@1 0"]);
  world.directory.close();
});

test("of a service with more instances than anybody can call the rest is left out", async () => {
  const world = new World();
  for (let number = 1; number <= ENDPOINTS_MAX + 1; number++) world.offer(NEAR, number);
  expect((await world.find()).length).toBe(ENDPOINTS_MAX);
});

test("who insists on the network finds instances of this node over it, too", async () => {
  const world = new World({ isInsisting: true });
  world.local = ["hello@1"];
  world.offer(HERE);
  world.offer(NEAR);
  expect(await world.find()).toEqual(["here/hello@1 0", "near/hello@1 1"]);
  expect(await world.list()).toEqual(["here/hello@1 0", "near/hello@1 1"]);
  world.directory.close();
});

test("who insists waits for what runs here and does not listen to the network yet", async () => {
  const world = new World({ isInsisting: true });
  world.local = ["hello@1"];
  world.agent.catalog.set("x", knownOn(HERE, { endpoints: ["uds:/run/hello@1.sock"] }));
  const error = await rejection(world.find());
  expect([error.code, error.message]).toEqual([
    "UNAVAILABLE",
    "hello runs here and does not listen to the network yet",
  ]);
  expect(error.data).toMatchObject({ started: false });
});

test.each(
  [
    ["absent", "the node agent does not run here. Start it with cell up."],
    [
      "offline",
      "the network of this node is off. Turn it on with cell token create, or join a cluster with cell join TOKEN.",
    ],
  ] as const,
)("who insists where the agent is %s is told what to do", async (state, why) => {
  const world = new World({ isInsisting: true, state });
  world.local = ["hello@1"];
  expect(await rejection(world.find())).toMatchObject({
    code: "FAILED_PRECONDITION",
    message: `connecting to hello over the network: ${why}`,
  });
});
