import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../test/harness/until.ts";
import { CellError } from "../base/mod.ts";
import { currentCall } from "../rpc/mod.ts";
import { claimInstance, claimName } from "./claim.ts";
import { LocalDirectory } from "./directory.ts";
import { connectService, openService } from "./remote.ts";
import { serveHandlers, serveInstance, TestHome } from "./testing/mod.ts";

/** Some tests wait for what a client waits for, on a machine that may be busy. */
setDefaultTimeout(120_000);

const HELLO = { greet: (name: string) => `Hello, ${name}!` };

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

/** An agent that answers `activate` with `start`; returns how often it was asked. */
async function serveNucleus(home: TestHome, start: (service: string) => unknown): Promise<() => number> {
  let count = 0;
  await serveHandlers(home, "nucleus", {
    activate: (service: string) => {
      count++;
      return start(service);
    },
  });
  return () => count;
}

test("a call to a deployed service of which nothing runs has an instance started, and is answered by it", async () => {
  await using home = new TestHome();
  const asked = await serveNucleus(home, async (name) => {
    await serveInstance(home, { name, number: 1 }, HELLO);
    return { instances: 1 };
  });
  const hello = openService("hello");
  expect(await hello.call("greet", ["World"])).toBe("Hello, World!");
  expect((await hello.hello()).instance).toBe("hello@1");
  expect(asked()).toBe(1);
  await hello.close();
});

test("100 calls at once that find nobody ask for an instance once", async () => {
  await using home = new TestHome();
  const asked = await serveNucleus(home, async (name) => {
    await serveInstance(home, { name, number: 1 }, HELLO);
  });
  const hello = openService("hello");
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => hello.call("greet", [n])));
  expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => `Hello, ${n}!`));
  expect(asked()).toBe(1);
  expect((await hello.stats()).connections).toBe(1);
  await hello.close();
});

test("the agent is not asked while somebody serves the name, or is about to", async () => {
  await using home = new TestHome();
  const asked = await serveNucleus(home, () => {
    throw new CellError("NOT_FOUND", "never deployed");
  });
  const claim = await claimName("hello");
  const hello = openService("hello");
  const answer = hello.call("greet", ["World"]);
  expect((await rejection(hello.call("greet", ["Mars"], { timeoutMs: 30 }))).code).toBe("DEADLINE_EXCEEDED");
  await serveHandlers(home, "hello", HELLO, claim);
  expect(await answer).toBe("Hello, World!");
  expect(asked()).toBe(0);
  await hello.close();
});

test("what the agent says of a service that it does not know is what the caller is told, at once", async () => {
  await using home = new TestHome();
  const asked = await serveNucleus(home, (service) => {
    throw new CellError("NOT_FOUND", `no service named ${service} is deployed here. Did you mean hello?`);
  });
  const helo = openService("helo");
  const error = await rejection(helo.call("greet", []));
  expect([error.code, error.message]).toEqual([
    "NOT_FOUND",
    "no service named helo is deployed here. Did you mean hello?",
  ]);
  expect(error.data).toMatchObject({ started: false });
  expect(asked()).toBe(1);
  expect((await rejection(connectService("helo"))).message).toContain("Did you mean hello?");
});

test("what kept an instance from starting is what the caller is told", async () => {
  await using home = new TestHome();
  await serveNucleus(home, (service) => {
    throw new CellError("FAILED_PRECONDITION", `${service} is stopped: cell restart ${service}`);
  });
  const error = await rejection(openService("hello").call("greet", []));
  expect([error.code, error.message]).toEqual(["FAILED_PRECONDITION", "hello is stopped: cell restart hello"]);
  expect(error.data).toMatchObject({ started: false });
});

test("waiting for an instance to be started ends at the caller's deadline, and with its signal", async () => {
  await using home = new TestHome();
  const asked = await serveNucleus(home, () => new Promise(() => {}));
  const hello = openService("hello");
  const controller = new AbortController();
  const cancelled = rejection(hello.call("greet", [], { signal: controller.signal }));
  await until(() => asked() > 0, "the agent to be asked");
  const error = await rejection(hello.call("greet", [], { timeoutMs: 50 }));
  expect(error.code).toBe("DEADLINE_EXCEEDED");
  expect(error.message).toBe("calling hello.greet: no instance within 50 ms");
  expect(error.data).toMatchObject({ started: false });
  controller.abort();
  expect((await cancelled).code).toBe("CANCELLED");
  expect(asked()).toBe(1);
});

test("the time that starting took is taken from the call's", async () => {
  await using home = new TestHome();
  const tookMs = 40;
  await serveNucleus(home, async (name) => {
    await Bun.sleep(tookMs);
    await serveInstance(home, { name, number: 1 }, { left: () => currentCall()!.remainingMs() });
  });
  const hello = openService("hello");
  expect(await hello.call("left", [], { timeoutMs: 5_000 })).toBeLessThan(5_000 - tookMs);
  await hello.close();
});

test("a caller that gives up does not take the start away from others that wait for it", async () => {
  await using home = new TestHome();
  let wasGivenUp: boolean | undefined;
  const begun = Promise.withResolvers<void>();
  const asked = await serveNucleus(home, async (name) => {
    const { signal } = currentCall()!;
    await begun.promise;
    wasGivenUp = signal.aborted;
    await serveInstance(home, { name, number: 1 }, HELLO);
  });
  const hello = openService("hello");
  await serveHandlers(home, "front", { greet: (name: string) => hello.call("greet", [name]) });
  const front = await connectService("front");
  const nucleus = await connectService("nucleus");
  const controller = new AbortController();
  const first = rejection(front.call("greet", ["first"], { signal: controller.signal }));
  const second = front.call("greet", ["second"]);
  await until(() => asked() > 0, "the agent to be asked");
  controller.abort();
  expect((await first).code).toBe("CANCELLED");
  // Whatever the end of the first call has told the agent has arrived before these have come back.
  for (const client of [front, nucleus, nucleus]) await client.stats();
  begun.resolve();
  expect(await second).toBe("Hello, second!");
  expect([asked(), wasGivenUp]).toEqual([1, false]);
  await Promise.all([front.close(), hello.close(), nucleus.close()]);
});

test("an instance that is started by somebody else is waited for through the agent", async () => {
  await using home = new TestHome();
  const claim = await claimInstance("hello", 3, { species: "0123456789abcdef", release: 1 });
  const asked = await serveNucleus(home, async (name) => {
    await serveHandlers(home, name, HELLO, claim);
  });
  const hello = openService("hello");
  expect(await hello.call("greet", ["World"])).toBe("Hello, World!");
  expect(asked()).toBe(1);
  await hello.close();
});

test("an agent that is starting is waited for, and one that is not there is not", async () => {
  await using home = new TestHome();
  expect((await rejection(openService("hello").call("greet", []))).code).toBe("NOT_FOUND");
  const claim = await claimName("nucleus");
  const hello = openService("hello");
  const answer = hello.call("greet", ["World"]);
  await Promise.race([answer, Bun.sleep(30)]);
  await serveHandlers(home, "nucleus", {
    activate: async (name: string) => {
      await serveInstance(home, { name, number: 1 }, HELLO);
    },
  }, claim);
  expect(await answer).toBe("Hello, World!");
  await hello.close();
});

test("an agent that says it started what nobody finds is asked again within the call's time", async () => {
  await using home = new TestHome();
  const asked: () => number = await serveNucleus(home, async (name) => {
    if (asked() > 2) await serveInstance(home, { name, number: 1 }, HELLO);
  });
  const hello = openService("hello");
  expect(await hello.call("greet", ["World"])).toBe("Hello, World!");
  expect(asked()).toBe(3);
  await hello.close();
});

test("the agent itself is not started by asking it", async () => {
  await using _home = new TestHome();
  const error = await rejection(openService("nucleus").call("status", []));
  expect([error.code, error.message]).toEqual([
    "NOT_FOUND",
    "the nucleus is not running here: start it with cell up",
  ]);
});

test("where something was deployed and no agent runs, the error says how to bring it back", async () => {
  await using home = new TestHome();
  home.write("home/state.db", "");
  await serveHandlers(home, "hello", HELLO);
  const near = await rejection(connectService("helo"));
  expect(near.message).toBe(
    "no service named helo is running here. Did you mean hello? If it was deployed, cell up brings it back.",
  );
  expect((await rejection(connectService("other"))).message).toEndWith(
    "Running are hello. If it was deployed, cell up brings it back.",
  );
});

test("a directory lists who accepts connections, with what they run", async () => {
  await using home = new TestHome();
  const directory = new LocalDirectory();
  expect(await directory.list("hello")).toEqual([]);
  const second = await serveInstance(home, { name: "hello", number: 2, release: 4 }, HELLO);
  await claimInstance("hello", 1, { species: second.schema.species, release: 4 });
  await serveHandlers(home, "hell", HELLO);
  const { species } = second.schema;
  expect(await directory.list("hello")).toMatchObject([{ id: "hello@2", species, release: 4 }]);
  expect(await directory.find("hello")).toMatchObject([{ id: "hello@2" }]);
  expect(await directory.list("hell")).toMatchObject([{ id: "hell", species: undefined, release: undefined }]);
  await second.drain();
  expect(await directory.list("hello")).toEqual([]);
  const error = await rejection(directory.find("hello"));
  expect(error.code).toBe("UNAVAILABLE");
  expect(error.message).toContain(`hello@1 does not accept connections: its process (pid ${process.pid})`);
});
