import { expect } from "bun:test";
import { currentCall, type Fallback } from "./mod.ts";
import {
  collect,
  connect,
  failure,
  NUMBER,
  numbers,
  type Pair,
  passDeadlines,
  streaming,
  streamOf,
  STRING,
  unary,
  UNKNOWN,
  until,
  VOID,
} from "./test_service.ts";
import { testOverTransports } from "./test_transports.ts";

/** Two services: `outer` calls `inner` while it answers. */
function nest(run: (inner: Pair["client"]) => Promise<unknown>) {
  const seen: { deadline: number | undefined; trace: string; service: string | undefined; aborted: boolean }[] = [];
  let returned = 0;
  const inner = connect({
    look: unary([], VOID, () => {
      const { deadline, trace, caller } = currentCall()!;
      seen.push({ deadline, trace, service: caller.service, aborted: false });
    }),
    hang: unary([], VOID, () => {
      const { deadline, trace, caller, signal } = currentCall()!;
      const entry = { deadline, trace, service: caller.service, aborted: false };
      seen.push(entry);
      signal.addEventListener("abort", () => entry.aborted = true);
      return new Promise(() => {});
    }),
    count: streaming([], NUMBER, () => numbers(Infinity, () => returned++)),
  }, { client: { callerService: "outer" } });
  const outer = connect({ run: unary([], UNKNOWN, () => run(inner.client)) });
  return { inner, outer, seen, returned: () => returned };
}

testOverTransports("what a handler does before it looks at its deadline is taken from it", async () => {
  const look = () => {
    const end = performance.now() + 30;
    while (performance.now() < end);
    return currentCall()!.remainingMs();
  };
  await using pair = connect({ look: unary([], NUMBER, look) });
  expect(await pair.client.call("look", [], { timeoutMs: 20_000 })).toBeLessThanOrEqual(20_000 - 30);
});

testOverTransports("a nested call inherits the deadline and continues the trace", async () => {
  let outerCall: { deadline: number | undefined; trace: string } | undefined;
  const { inner, outer, seen } = nest(async (inner) => {
    const { deadline, trace } = currentCall()!;
    outerCall = { deadline, trace };
    await Promise.resolve();
    await inner.call("look", []);
    await inner.call("look", [], { timeoutMs: 3_000 });
  });
  await outer.client.call("run", [], { timeoutMs: 15_000 });
  // What is sent is the time that is left, so a deadline moves by the time on the way; without a caller's it is after 30 s.
  expect(Math.abs(seen[0]!.deadline! - outerCall!.deadline!)).toBeLessThan(5_000);
  expect(seen[1]!.deadline!).toBeLessThan(outerCall!.deadline! - 5_000);
  for (const { trace, service } of seen) {
    expect(trace.slice(0, 35)).toBe(outerCall!.trace.slice(0, 35));
    expect(trace).not.toBe(outerCall!.trace);
    const { peer } = inner.serverLink;
    expect(service).toBe(peer.kind === "instance" ? peer.service : "outer");
  }
});

testOverTransports("cancelling a call cancels what it called", async () => {
  const { outer, seen, inner, returned } = nest(async (inner) => {
    await Promise.all([inner.call("hang", []), collect(inner.stream("count", []))]);
  });
  const controller = new AbortController();
  const call = failure(outer.client.call("run", [], { signal: controller.signal }));
  await until(() => seen.length === 1 && inner.server.stats().inFlight === 2);
  controller.abort();
  expect((await call).code).toBe("CANCELLED");
  await until(() => seen[0]!.aborted && returned() === 1 && inner.server.stats().inFlight === 0);
});

testOverTransports("the outer deadline ends the nested call", async () => {
  const { outer, seen } = nest((inner) => inner.call("hang", [], { timeoutMs: 60_000 }));
  const call = failure(outer.client.call("run", [], { timeoutMs: 9_000 }));
  await until(() => seen.length === 1);
  passDeadlines(outer.server);
  expect((await call).code).toBe("DEADLINE_EXCEEDED");
  await until(() => seen[0]!.aborted);
});

testOverTransports("what goes on after the answer has no deadline any more", async () => {
  const answered = Promise.withResolvers<void>();
  const late = Promise.withResolvers<unknown>();
  const { outer, seen } = nest(async (inner) => {
    answered.promise.then(() => late.resolve(inner.call("look", [])));
  });
  await outer.client.call("run", [], { timeoutMs: 9_000 });
  answered.resolve();
  await late.promise;
  expect(seen[0]!.deadline! - Date.now()).toBeGreaterThan(20_000);
});

testOverTransports("a call that makes many calls does not collect them", async () => {
  let kept: number | undefined;
  const { outer } = nest(async (inner) => {
    for (let made = 0; made < 100; made++) await inner.call("look", []);
    kept = (currentCall() as unknown as { children: Set<unknown> }).children.size;
  });
  await outer.client.call("run", []);
  expect(kept).toBe(0);
});

testOverTransports("each of many calls at once sees itself", async () => {
  await using pair = connect({
    who: unary([STRING], STRING, async (name: string) => {
      const before = currentCall()!;
      await new Promise((resolve) => setImmediate(resolve));
      return `${name} ${currentCall() === before} ${before.service}.${before.method}`;
    }),
  });
  const answers = await Promise.all(["a", "b", "c"].map((name) => pair.client.call("who", [name])));
  expect(answers).toEqual(["a", "b", "c"].map((name) => `${name} true demo.who`));
  expect(currentCall()).toBeUndefined();
});

testOverTransports("a generator sees its call in every step", async () => {
  await using pair = connect({
    steps: streaming([], STRING, async function* () {
      for (let step = 0; step < 3; step++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield `${step} ${currentCall()?.method}`;
      }
    }),
  });
  expect(await collect(pair.client.stream("steps", []))).toEqual(["0 steps", "1 steps", "2 steps"]);
});

testOverTransports("without a deadline there is none to see", async () => {
  await using pair = connect({
    left: streaming([], UNKNOWN, async function* () {
      const { deadline } = currentCall()!;
      yield { deadline: deadline === undefined, left: currentCall()!.remainingMs() };
    }),
    pid: unary([], UNKNOWN, () => currentCall()!.caller),
  });
  expect(await collect(pair.client.stream("left", []))).toEqual([{ deadline: true, left: Infinity }]);
  const { peer } = pair.serverLink;
  const caller = peer.kind === "instance"
    ? { service: peer.service, node: peer.node }
    : { pid: process.pid, uid: process.geteuid!() };
  expect(await pair.client.call("pid", [])).toEqual(caller);
});

testOverTransports("a generator that is returned early cleans up within its call", async () => {
  let seen: string | undefined;
  await using pair = connect({
    forever: streaming([], NUMBER, async function* () {
      try {
        for (;;) yield 1;
      } finally {
        seen = currentCall()?.method;
      }
    }),
  });
  for await (const _ of pair.client.stream("forever", [])) break;
  await until(() => seen !== undefined);
  expect(seen).toBe("forever");
});

testOverTransports(
  "what takes over a call that fails is part of the call that made it, and its outcome is the call's",
  async () => {
    const seen: unknown[] = [];
    const inner = connect({ look: unary([], VOID, () => {}), eat: unary([streamOf(NUMBER)], VOID, () => {}) });
    const fallback: Fallback = {
      takeOver(error, { name, args, isUnread }) {
        seen.push([error.code, name, args.length, isUnread, currentCall()?.method]);
        return name === "look" ? Promise.resolve("instead") : Promise.reject(error);
      },
    };
    await inner.client.call("look", []);
    const outer = connect({
      run: unary([], STRING, () => {
        const answer = inner.client.call("look", [], undefined, fallback);
        queueMicrotask(() => inner.clientLink.destroy());
        return answer;
      }),
    });
    expect(await outer.client.call("run", [])).toBe("instead");
    expect((await failure(inner.client.call("eat", [numbers(1)], {}, fallback))).code).toBe("UNAVAILABLE");
    expect(seen).toEqual([["UNAVAILABLE", "look", 0, true, "run"], ["UNAVAILABLE", "eat", 1, true, undefined]]);
  },
);
