import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../test/harness/until.ts";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { currentCall } from "../rpc/mod.ts";
import { claimName } from "./claim.ts";
import { runDirectory } from "./home.ts";
import { connectService, openService } from "./remote.ts";
import { serveHandlers, TestHome } from "./testing/mod.ts";

/** Some tests wait for what a client waits for, on a machine that may be busy. */
setDefaultTimeout(120_000);

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

async function* count(to: number): AsyncGenerator<number> {
  for (let n = 1; n <= to; n++) yield n;
}

test("a service is called by its name", async () => {
  await using home = new TestHome();
  await serveHandlers(home, "math", { add: (a: number, b: number) => a + b });
  const math = await connectService("math");
  expect(await math.call("add", [2, 3])).toBe(5);
  expect(await math.isStream("add")).toBe(false);
  expect((await math.hello()).service).toBe("math");
  expect((await math.stats()).methods["add"]?.calls).toBe(1);
  expect(Object.keys((await math.schema()).methods)).toEqual(["add"]);
  await math.close();
});

test("a name that nobody holds is NOT_FOUND at once, with names that are near or running", async () => {
  await using home = new TestHome();
  expect((await rejection(connectService("hello"))).message).toContain("Nothing is running here");
  await serveHandlers(home, "hello", { f: () => 1 });
  const near = await rejection(connectService("helo"));
  expect(near.code).toBe("NOT_FOUND");
  expect(near.message).toBe("no service named helo is running here. Did you mean hello?");
  expect((await rejection(connectService("xylophone"))).message).toEndWith("Running are hello.");
  expect((await rejection(connectService("No Name"))).code).toBe("INVALID_ARGUMENT");
});

test("a client that is opened before its service runs connects at the first call", async () => {
  await using home = new TestHome();
  const late = openService("late");
  expect((await rejection(late.call("f", []))).code).toBe("NOT_FOUND");
  await serveHandlers(home, "late", { f: () => 1 });
  expect(await late.call("f", [])).toBe(1);
  await late.close();
});

test("a call to a service that is starting waits for it", async () => {
  await using home = new TestHome();
  const claim = await claimName("slow");
  const slow = openService("slow");
  const answers = [slow.call("f", []), slow.call("f", []), slow.schema()];
  const first = await Promise.race([...answers, Bun.sleep(60).then(() => "nothing yet")]);
  expect(first).toBe("nothing yet");
  await serveHandlers(home, "slow", { f: () => "there" }, claim);
  expect((await Promise.all(answers)).slice(0, 2)).toEqual(["there", "there"]);
  await slow.close();
});

test("waiting for a service that never starts ends at the deadline and says who it waited for", async () => {
  await using home = new TestHome();
  const claim = await claimName("stuck");
  home.defer(() => claim.release());
  const stuck = openService("stuck");
  const startedAt = performance.now();
  const error = await rejection(stuck.call("f", [], { timeoutMs: 150 }));
  expect(error.code).toBe("DEADLINE_EXCEEDED");
  expect(error.message).toStartWith("calling stuck.f: no answer within 150 ms.");
  expect(error.message).toContain(`pid ${process.pid}`);
  // Without the caller's deadline it would be 30 s.
  expect(performance.now() - startedAt).toBeWithin(140, 25_000);
  const cancelled = await rejection(stuck.call("f", [], { signal: AbortSignal.timeout(30) }));
  expect(cancelled.code).toBe("CANCELLED");
});

test("a client goes on with a service that was restarted", async () => {
  await using home = new TestHome();
  const first = await serveHandlers(home, "phoenix", { generation: () => 1 });
  const phoenix = await connectService("phoenix");
  expect(await phoenix.call("generation", [])).toBe(1);
  await first.drain();
  const whileAway = phoenix.call("generation", []);
  await serveHandlers(home, "phoenix", { generation: () => 2, other: () => 0 });
  expect(await whileAway).toBe(2);
  expect(await phoenix.call("generation", [])).toBe(2);
  await phoenix.close();
});

test("a service that vanished and does not come back is NOT_FOUND in the end", async () => {
  await using home = new TestHome();
  const service = await serveHandlers(home, "gone", { f: () => 1 });
  const gone = await connectService("gone");
  await service.drain();
  const error = await rejection(gone.call("f", []));
  expect(error.code).toBe("NOT_FOUND");
});

test("while a service drains its calls finish, and new ones go to its successor", async () => {
  await using home = new TestHome();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const first = await serveHandlers(home, "relay", {
    run: async () => {
      enter();
      await released;
      return "first";
    },
  });
  const relay = await connectService("relay");
  const running = relay.call("run", []);
  await entered;
  const drained = first.drain();
  await serveHandlers(home, "relay", { run: () => "second" });
  expect(await relay.call("run", [])).toBe("second");
  release();
  expect(await running).toBe("first");
  await drained;
  expect(await relay.call("run", [])).toBe("second");
  await relay.close();
});

test("a call whose connection broke is made again if its method is idempotent, and only then", async () => {
  await using home = new TestHome();
  const ran: string[] = [];
  const never = (name: string) => () => {
    ran.push(name);
    return new Promise(() => {});
  };
  const first = await serveHandlers(home, "fragile", {
    once: never("once"),
    twice: { fn: never("twice"), method: { idempotent: true } },
  });
  const fragile = await connectService("fragile");
  const once = rejection(fragile.call("once", []));
  const twice = fragile.call("twice", []);
  while (ran.length < 2) await Bun.sleep(1);
  await first.drain(0);
  await serveHandlers(home, "fragile", {
    once: never("once again"),
    twice: { fn: () => "done", method: { idempotent: true } },
  });
  expect((await once).code).toBe("UNAVAILABLE");
  expect(await twice).toBe("done");
  expect(ran.sort()).toEqual(["once", "twice"]);
  await fragile.close();
});

test("a call that may have run is not made again where the method has ceased to be idempotent", async () => {
  await using home = new TestHome();
  let ran = 0;
  const hang = () => {
    ran++;
    return new Promise(() => {});
  };
  const first = await serveHandlers(home, "changed", { f: { fn: hang, method: { idempotent: true } } });
  const live = await connectService("changed");
  const pinned = await connectService("changed", { schema: await live.schema() });
  const calls = [rejection(live.call("f", [])), rejection(pinned.call("f", []))];
  await until(() => ran === 2, "both calls to run");
  await first.drain(0);
  await serveHandlers(home, "changed", { f: () => ran++ });
  for (const error of await Promise.all(calls)) {
    expect(error.code).toBe("UNAVAILABLE");
    expect((error.data as { started?: boolean } | undefined)?.started).not.toBe(false);
  }
  expect(ran).toBe(2);
  await Promise.all([live.close(), pinned.close()]);
});

test("a handler's own UNAVAILABLE is an answer, not a reason to call it again", async () => {
  await using home = new TestHome();
  let calls = 0;
  const refuse = () => {
    calls++;
    throw new CellError("UNAVAILABLE", "the database is away", { data: { started: false } });
  };
  await serveHandlers(home, "moody", { refuse: { fn: refuse, method: { idempotent: true } } });
  const moody = await connectService("moody");
  expect((await rejection(moody.call("refuse", []))).message).toContain("the database is away");
  expect(calls).toBe(1);
  await moody.close();
});

test("a stream is opened again on a successor until its first item, never afterwards", async () => {
  await using home = new TestHome();
  const counting = { fn: count, method: { resultStream: true as const } };
  const first = await serveHandlers(home, "tap", {
    count: counting,
    stall: { fn: () => stall(), method: { resultStream: true as const } },
  });
  async function* stall() {
    yield 1;
    await new Promise(() => {});
  }
  const tap = await connectService("tap");
  expect(await Array.fromAsync(tap.stream("count", [3]))).toEqual([1, 2, 3]);
  const stalled = tap.stream("stall", []);
  expect(await stalled.next()).toEqual({ done: false, value: 1 });
  const rest = rejection(stalled.next());
  await first.drain(0);
  const again = tap.stream("count", [2]);
  const items = Array.fromAsync(again);
  await serveHandlers(home, "tap", { count: counting });
  expect(await items).toEqual([1, 2]);
  expect((await rest).code).toBe("UNAVAILABLE");
  await tap.close();
});

test("a stream that was never read, or is returned before its first item, is no call", async () => {
  await using home = new TestHome();
  let returned = 0;
  async function* endless() {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      returned++;
    }
  }
  await serveHandlers(home, "lazy", { endless: { fn: endless, method: { resultStream: true } } });
  const lazy = await connectService("lazy");
  const unread = lazy.stream("endless", []);
  expect(await unread.return()).toEqual({ done: true, value: undefined });
  expect(await unread.next()).toEqual({ done: true, value: undefined });
  expect((await lazy.stats()).calls).toBe(0);
  for await (const n of lazy.stream("endless", [])) if (n === 3) break;
  while (returned < 1) await Bun.sleep(1);
  await lazy.close();
});

test("a stream that is returned while its first item is awaited ends at once", async () => {
  await using home = new TestHome();
  const silent = { fn: () => hang(), method: { resultStream: true as const } };
  async function* hang() {
    await new Promise(() => {});
    yield 1;
  }
  await serveHandlers(home, "mute", { silent });
  const mute = await connectService("mute");
  const stream = mute.stream("silent", []);
  const first = stream.next();
  while ((await mute.stats()).inFlight === 0) await Bun.sleep(1);
  expect(await stream.return()).toEqual({ done: true, value: undefined });
  expect(await first).toEqual({ done: true, value: undefined });
  while ((await mute.stats()).inFlight > 0) await Bun.sleep(1);
  await mute.close();
});

test("arguments with a stream are sent again only while nobody has read from it", async () => {
  await using home = new TestHome();
  const sum = async (values: AsyncIterable<number>) => {
    let total = 0;
    for await (const value of values) total += value;
    return total;
  };
  const method = { params: [{ name: "values", type: { kind: "number" as const }, stream: true as const }] };
  const claim = await claimName("adder");
  const adder = openService("adder");
  const total = adder.call("sum", [count(4)]);
  const first = await serveHandlers(home, "adder", { sum: { fn: sum, method } }, claim);
  expect(await total).toBe(10);
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  async function* endless() {
    begin();
    yield 1;
    await new Promise(() => {});
  }
  const broken = rejection(adder.call("sum", [endless()]));
  await begun;
  await first.drain(0);
  await serveHandlers(home, "adder", { sum: { fn: sum, method } });
  expect((await broken).code).toBe("UNAVAILABLE");
  await adder.close();
});

test("all calls that need a connection at the same time share one", async () => {
  await using home = new TestHome();
  await serveHandlers(home, "busy", { f: (n: number) => n });
  const busy = openService("busy");
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => busy.call("f", [n])));
  expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect((await busy.stats()).connections).toBe(1);
  await busy.close();
});

test("a closed client calls no more", async () => {
  await using home = new TestHome();
  await serveHandlers(home, "door", { never: () => new Promise(() => {}), f: () => 1 });
  const door = await connectService("door");
  const pending = rejection(door.call("never", []));
  while ((await door.stats()).inFlight === 0) await Bun.sleep(1);
  await door.close();
  expect((await pending).code).toBe("CANCELLED");
  expect((await rejection(door.call("f", []))).code).toBe("FAILED_PRECONDITION");
  const hasty = openService("door");
  const connecting = rejection(hasty.call("f", []));
  await hasty.close();
  expect((await connecting).code).toBe("FAILED_PRECONDITION");
  const watcher = await connectService("door");
  while ((await watcher.stats()).connections > 1) await Bun.sleep(1);
  await watcher.close();
});

test("a caller's pinned schema that no longer fits is an error that shows the difference", async () => {
  await using home = new TestHome();
  const method = (kind: "string" | "number") => ({ params: [{ name: "value", type: { kind } }] });
  const old = await serveHandlers(home, "shape", { f: { fn: (value: unknown) => value, method: method("string") } });
  const pinned = await connectService("shape", { schema: old.schema });
  expect(await pinned.call("f", ["a"])).toBe("a");
  await old.drain();
  await serveHandlers(home, "shape", { f: { fn: (value: unknown) => value, method: method("number") } });
  const error = await rejection(pinned.call("f", ["a"]));
  expect(error.code).toBe("FAILED_PRECONDITION");
  expect(error.message).toContain("string");
  expect(error.message).toContain("number");
  await pinned.close();
});

test("a service in a home whose path is longer than a socket's address is found", async () => {
  await using home = new TestHome();
  process.env["CELL_HOME"] = join(home.folder, "d".repeat(100), "e".repeat(60));
  expect(runDirectory().length).toBeGreaterThan(160);
  await serveHandlers(home, "deep", { f: () => 1 });
  const deep = await connectService("deep");
  expect(await deep.call("f", [])).toBe(1);
  await deep.close();
});

test("what goes on after its call was answered is not bound by that call's deadline when it has to wait", async () => {
  await using home = new TestHome();
  const claim = await claimName("slow");
  const slow = openService("slow");
  const answered = Promise.withResolvers<void>();
  const late = Promise.withResolvers<unknown>();
  await serveHandlers(home, "front", {
    begin: () => {
      answered.promise.then(() => slow.call("f", [])).then(late.resolve, late.reject);
    },
  });
  const front = await connectService("front");
  await front.call("begin", [], { timeoutMs: 9_000 });
  answered.resolve();
  await serveHandlers(home, "slow", { f: () => currentCall()!.remainingMs() }, claim);
  expect(await late.promise).toBeGreaterThan(9_000);
  await Promise.all([front.close(), slow.close()]);
});

test("a call that may have run is not said to have not started because its next attempt did not", async () => {
  await using home = new TestHome();
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const hang = () => {
    enter();
    return new Promise(() => {});
  };
  const first = await serveHandlers(home, "fragile", { hang: { fn: hang, method: { idempotent: true } } });
  const fragile = await connectService("fragile");
  // Time enough for the call to get there on a machine that stalls.
  const error = rejection(fragile.call("hang", [], { timeoutMs: 3_000 }));
  await entered;
  await first.drain(0);
  const claim = await claimName("fragile");
  home.defer(() => claim.release());
  expect((await error).code).toBe("DEADLINE_EXCEEDED");
  expect((await error).data).not.toMatchObject({ started: false });
  await fragile.close();
});
