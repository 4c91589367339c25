import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { CANDIDATES_MAX, type DialCandidate, dialFirst, type DialFirstOptions, STAGGER_MS } from "./mod.ts";

/** A host names the candidate; each is answered by the test. */
function candidatesOf(...hosts: string[]): DialCandidate[] {
  return hosts.map((host) => ({ transport: "quic", host, port: 9043 }));
}

interface FakeLink {
  host: string;
  destroy(): void;
}

/** Attempts that the test decides, a clock that it moves, and what became of losers. */
function setUp(candidates: DialCandidate[], { signal, isFinal }: Pick<DialFirstOptions, "signal" | "isFinal"> = {}) {
  const attempts = new Map<string, PromiseWithResolvers<FakeLink> & { signal: AbortSignal }>();
  const destroyed: string[] = [];
  const timers: { callback: () => void; delayMs: number }[] = [];
  const dial = ({ host }: DialCandidate, signal: AbortSignal) => {
    const attempt = { ...Promise.withResolvers<FakeLink>(), signal };
    attempts.set(host, attempt);
    return attempt.promise;
  };
  const winner = dialFirst(candidates, dial, {
    target: "hello",
    schedule(callback, delayMs) {
      const timer = { callback, delayMs };
      timers.push(timer);
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
    },
    ...(signal && { signal }),
    ...(isFinal && { isFinal }),
  });
  winner.catch(() => {});
  return {
    winner,
    destroyed,
    timers,
    attempt: (host: string) => attempts.get(host)!,
    succeed: (host: string) => attempts.get(host)!.resolve({ host, destroy: () => void destroyed.push(host) }),
    begun: () => [...attempts.keys()],
    elapse: () => timers.shift()!.callback(),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const unreachable = (why = "nobody listens there") => new CellError("UNAVAILABLE", why);

async function failure(attempt: Promise<unknown>): Promise<CellError> {
  return await attempt.then(() => undefined, (thrown: unknown) => thrown) as CellError;
}

test("the best candidate is tried alone, and wins when it answers in time", async () => {
  const { winner, begun, timers, succeed } = setUp(candidatesOf("a", "b"));
  expect(begun()).toEqual(["a"]);
  expect(timers.map(({ delayMs }) => delayMs)).toEqual([STAGGER_MS]);
  succeed("a");
  expect(await winner).toMatchObject({ host: "a" });
  expect(begun()).toEqual(["a"]);
  expect(timers).toEqual([]);
});

test("a candidate that says nothing gets company after its head start, and may still win", async () => {
  const { winner, begun, elapse, timers, succeed } = setUp(candidatesOf("a", "b", "c"));
  elapse();
  expect(begun()).toEqual(["a", "b"]);
  elapse();
  expect(begun()).toEqual(["a", "b", "c"]);
  expect(timers).toEqual([]);
  succeed("a");
  expect((await winner).host).toBe("a");
});

test("a failure lets the next candidate begin at once, with a head start of its own", async () => {
  const { winner, begun, attempt, timers, succeed } = setUp(candidatesOf("a", "b", "c"));
  attempt("a").reject(unreachable());
  await settled();
  expect(begun()).toEqual(["a", "b"]);
  expect(timers.length).toBe(1);
  succeed("b");
  expect((await winner).host).toBe("b");
});

test("the losers are told to give up, the winner is not, and what comes through too late is closed", async () => {
  const { winner, attempt, destroyed, elapse, succeed } = setUp(candidatesOf("a", "b", "c"));
  elapse();
  elapse();
  succeed("b");
  await winner;
  expect(["a", "b", "c"].map((host) => attempt(host).signal.aborted)).toEqual([true, false, true]);
  succeed("a");
  attempt("c").reject(unreachable());
  await settled();
  expect(destroyed).toEqual(["a"]);
});

test("when all have failed, one error says of each why, in their order", async () => {
  const { winner, attempt, elapse } = setUp(candidatesOf("a", "::1"));
  elapse();
  attempt("::1").reject(unreachable("no way leads there"));
  await settled();
  attempt("a").reject(new Error("something else"));
  const error = await failure(winner);
  expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true, data: { started: false } });
  expect(error.message).toMatch(
    /^connecting to hello: .*By quic: something else\. By quic: no way leads there\.$/,
  );
});

test("a refusal tells more than an address at which nobody answers", async () => {
  const { winner, attempt } = setUp(candidatesOf("a", "b", "c"));
  attempt("a").reject(unreachable());
  await settled();
  attempt("b").reject(new CellError("UNAUTHENTICATED", "the certificate expired"));
  await settled();
  attempt("c").reject(unreachable());
  expect((await failure(winner)).code).toBe("UNAUTHENTICATED");
});

test("what is not there any more can be tried again, and is said to be unavailable", async () => {
  const { winner, attempt } = setUp(candidatesOf("a", "b"));
  attempt("a").reject(new CellError("NOT_FOUND", "it does not listen on this node"));
  await settled();
  attempt("b").reject(unreachable());
  expect(await failure(winner)).toMatchObject({ code: "UNAVAILABLE", retryable: true, data: { started: false } });
});

test("who knows that no way leads there ends the attempts that are under way, and spares the others", async () => {
  const isFinal: DialFirstOptions["isFinal"] = ({ host }, { code }) => host === "b" && code === "NOT_FOUND";
  const { winner, attempt, begun, elapse, timers } = setUp(candidatesOf("a", "b", "c"), { isFinal });
  elapse();
  attempt("b").reject(new CellError("NOT_FOUND", "it has ended."));
  const error = await failure(winner);
  expect(error.message).toBe("connecting to hello: no way leads there. By quic: it has ended.");
  expect(error.code).toBe("UNAVAILABLE");
  expect([attempt("a").signal.aborted, begun(), timers]).toEqual([true, ["a", "b"], []]);
});

test("a dial that throws instead of rejecting has failed like any other", async () => {
  const throwing = dialFirst(candidatesOf("a"), () => {
    throw unreachable("thrown");
  });
  expect((await failure(throwing)).message).toContain("thrown");
});

test("whoever gives up ends all attempts, and begins no further one", async () => {
  const controller = new AbortController();
  const { winner, attempt, begun, destroyed, timers, succeed } = setUp(candidatesOf("a", "b"), {
    signal: controller.signal,
  });
  controller.abort();
  expect(await failure(winner)).toMatchObject({ code: "CANCELLED", data: { started: false } });
  expect(attempt("a").signal.aborted).toBe(true);
  expect(timers).toEqual([]);
  succeed("a");
  await settled();
  expect(destroyed).toEqual(["a"]);
  expect(begun()).toEqual(["a"]);
  expect(await failure(setUp(candidatesOf("a"), { signal: controller.signal }).winner)).toMatchObject({
    code: "CANCELLED",
  });
});

test("without candidates nothing can be reached, and of too many the rest is not tried", async () => {
  expect(await failure(setUp([]).winner)).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
  const hosts = Array.from({ length: CANDIDATES_MAX + 5 }, (_, index) => `host${index}`);
  const { winner, attempt, begun } = setUp(candidatesOf(...hosts));
  for (const host of hosts.slice(0, CANDIDATES_MAX)) {
    attempt(host).reject(unreachable());
    await settled();
  }
  expect((await failure(winner)).code).toBe("UNAVAILABLE");
  expect(begun().length).toBe(CANDIDATES_MAX);
});
