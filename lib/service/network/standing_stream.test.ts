import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import { currentCall } from "../../rpc/mod.ts";
import { connectService } from "../remote.ts";
import { serveHandlers, TestHome } from "../testing/mod.ts";
import type { AgentState } from "./agent.ts";
import { OFFLINE_LOOK_MS, REOPEN_FIRST_MS, REOPEN_MS_MAX, StandingStream } from "./standing_stream.ts";
import { FakeStream } from "./testing/fake_agent.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A stream on an agent that says what a test wants. */
class World {
  state: AgentState = "online";
  readonly opened: FakeStream<number>[] = [];
  readonly items: number[] = [];
  readonly errors: string[] = [];
  offline = 0;
  readonly stream: StandingStream<number>;

  constructor(state: AgentState = "online") {
    this.state = state;
    this.stream = new StandingStream<number>({
      agent: { state: () => this.state },
      open: () => {
        const stream = new FakeStream<number>();
        this.opened.push(stream);
        return stream;
      },
      onItem: (item) => {
        if (item < 0) throw new CellError("INVALID_ARGUMENT", "negative");
        this.items.push(item);
      },
      onError: (error) => this.errors.push(error.message),
      onOffline: () => this.offline++,
      random: () => 1,
    });
  }

  get last(): FakeStream<number> {
    return this.opened.at(-1)!;
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settled();
}

test("items are passed on as they come, and none after it is closed", async () => {
  const world = new World();
  world.last.push(1);
  await settled();
  world.last.push(2);
  await settled();
  expect(world.items).toEqual([1, 2]);
  world.stream.close();
  world.last.push(3);
  await settled();
  expect([world.items, world.last.isClosed, jest.getTimerCount()]).toEqual([[1, 2], true, 0]);
});

test("a stream that ends is opened again after growing waits, up to a bound, and soon again after it has brought something", async () => {
  const world = new World();
  const waits = [REOPEN_FIRST_MS];
  while (waits.at(-1)! < REOPEN_MS_MAX) waits.push(Math.min(2 * waits.at(-1)!, REOPEN_MS_MAX));
  waits.push(REOPEN_MS_MAX);
  for (const waitMs of waits) {
    const { length } = world.opened;
    world.last.fail();
    await settled();
    await pass(waitMs - 1);
    expect(world.opened.length).toBe(length);
    await pass(1);
    expect(world.opened.length).toBe(length + 1);
  }
  expect(world.errors.length).toBe(waits.length);
  world.last.push(7);
  await settled();
  world.last.fail();
  await settled();
  const { length } = world.opened;
  await pass(REOPEN_FIRST_MS);
  expect(world.opened.length).toBe(length + 1);
  world.stream.close();
});

test.each([["absent", REOPEN_MS_MAX], ["offline", OFFLINE_LOOK_MS]] as const)(
  "while the agent is %s it is looked for every %d ms and nothing more",
  async (state, everyMs) => {
    const world = new World(state);
    await pass(10 * everyMs);
    expect([world.opened.length, jest.getTimerCount()]).toEqual([0, 1]);
    expect(world.offline).toBe(state === "offline" ? 11 : 0);
    world.state = "online";
    await pass(everyMs);
    expect(world.opened.length).toBe(1);
    world.stream.close();
    expect(jest.getTimerCount()).toBe(0);
  },
);

test("an agent that was there a moment ago is looked for soon: its next program may be about to listen", async () => {
  const world = new World();
  world.last.push(1);
  await settled();
  world.state = "absent";
  world.last.fail();
  await settled();
  await pass(REOPEN_FIRST_MS);
  expect(world.opened.length).toBe(1);
  world.state = "online";
  await pass(2 * REOPEN_FIRST_MS);
  expect(world.opened.length).toBe(2);
  world.stream.close();
});

test("an agent that is starting is looked for soon, and is not taken for one without a network", async () => {
  const world = new World("starting");
  await pass(REOPEN_FIRST_MS - 1);
  world.state = "online";
  expect(world.opened.length).toBe(0);
  await pass(1);
  expect([world.opened.length, world.offline]).toEqual([1, 0]);
  world.stream.close();
});

test("an item that cannot be used is an error of the stream, which begins anew", async () => {
  const world = new World();
  world.last.push(-1);
  await settled();
  expect([world.errors, world.last.isClosed]).toEqual([["negative"], true]);
  await pass(REOPEN_FIRST_MS);
  expect(world.opened.length).toBe(2);
  world.stream.close();
});

test("a stream that a call has set off does not end with the call", async () => {
  jest.useRealTimers();
  await using home = new TestHome();
  let seen: unknown = "nothing";
  const world: { stream?: StandingStream<number> } = {};
  await serveHandlers(home, "demo", {
    begin: () => {
      world.stream = new StandingStream<number>({
        agent: { state: () => "online" },
        open: () => {
          seen = currentCall();
          return new FakeStream<number>();
        },
        onItem: () => {},
      });
    },
  });
  const client = await connectService("demo", { transport: "uds" });
  await client.call("begin", []);
  expect(seen).toBeUndefined();
  world.stream!.close();
  await client.close();
});
