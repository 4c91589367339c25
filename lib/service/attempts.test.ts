import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { Attempts, ATTEMPTS_MAX, VANISHED_MS_MAX, WAIT_FIRST_MS, WAIT_MS_MAX } from "./attempts.ts";
import { nowhere } from "./nowhere.ts";
import { wait } from "./wait.ts";

const away = new CellError("UNAVAILABLE", "it is starting");
const gone = new CellError("NOT_FOUND", "nobody has that name");

test("waits double up to a bound, and so do attempts", () => {
  const attempts = new Attempts({ what: "calling a.b", timeoutMs: () => Infinity, wasReached: false });
  const waits: number[] = [];
  for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt++) waits.push(attempts.nextWaitMs(away, 0));
  expect(waits.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, WAIT_MS_MAX / WAIT_FIRST_MS].map((n) => n * WAIT_FIRST_MS));
  expect(Math.max(...waits)).toBe(WAIT_MS_MAX);
  expect(() => attempts.nextWaitMs(away, 0)).toThrow(away);
});

test("no wait reaches beyond the deadline, and after it there is no attempt", () => {
  const attempts = new Attempts({ what: "calling a.b", timeoutMs: () => 100, wasReached: false });
  expect(attempts.nextWaitMs(away, 98)).toBe(2);
  expect(() => attempts.nextWaitMs(away, 100)).toThrow("calling a.b: no answer within 100 ms. it is starting");
});

test("a name that nobody holds is waited for only if it was reached before, and not for long", () => {
  expect(() => new Attempts({ what: "", timeoutMs: () => Infinity, wasReached: false }).nextWaitMs(gone, 0)).toThrow(
    gone,
  );
  const here = new CellError("NOT_FOUND", "not here");
  const silent = nowhere({ service: "a", here, services: [], wasAsked: true, silent: ["board"] });
  const never = new Attempts({ what: "", timeoutMs: () => Infinity, wasReached: false });
  expect(() => never.nextWaitMs(silent, 0)).toThrow(silent);
  const attempts = new Attempts({ what: "", timeoutMs: () => Infinity, wasReached: true });
  expect(attempts.nextWaitMs(gone, VANISHED_MS_MAX - 1)).toBe(WAIT_FIRST_MS);
  expect(() => attempts.nextWaitMs(gone, VANISHED_MS_MAX)).toThrow(gone);
});

test("waiting ends when it is cancelled, also before it began", async () => {
  await wait(1, "calling a.b", AbortSignal.timeout(10_000));
  const controller = new AbortController();
  const waiting = wait(10_000, "calling a.b", controller.signal).catch((error: CellError) => error.message);
  controller.abort();
  expect(await waiting).toBe("calling a.b: cancelled before it started");
  expect(await wait(10_000, "x", AbortSignal.abort()).catch((error: CellError) => error.code)).toBe("CANCELLED");
});
