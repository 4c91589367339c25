import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { Activations, WAITERS_MAX } from "./activation.ts";

test("all who wait for a service are answered when it is up, and nobody else", async () => {
  const activations = new Activations();
  const hello = Array.from({ length: 100 }, () => activations.wait("hello", undefined));
  const other = activations.wait("other", undefined);
  activations.settle(() => ({ kind: "wait" }));
  activations.settle((service) => service === "hello" ? { kind: "up", instances: 2 } : { kind: "wait" });
  expect(await Promise.all(hello)).toEqual(hello.map(() => 2));
  expect(activations.services).toEqual(["other"]);
  const error = new CellError("FAILED_PRECONDITION", "it does not start");
  activations.settle(() => ({ kind: "failed", error }));
  await expect(other).rejects.toBe(error);
  expect(activations.services).toEqual([]);
});

test("who gives up is forgotten at once", async () => {
  const activations = new Activations();
  const caller = new AbortController();
  const waiting = activations.wait("hello", caller.signal);
  caller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  expect(activations.services).toEqual([]);
  await expect(activations.wait("hello", caller.signal)).rejects.toMatchObject({ code: "CANCELLED" });
  expect(activations.services).toEqual([]);
});

test("those who wait are bounded per service", async () => {
  const activations = new Activations();
  const waiting = Array.from({ length: WAITERS_MAX }, () => activations.wait("hello", undefined));
  expect(() => activations.wait("hello", undefined)).toThrow(`${WAITERS_MAX} callers wait`);
  void activations.wait("other", undefined);
  activations.settle(() => ({ kind: "up", instances: 1 }));
  await Promise.all(waiting);
  void activations.wait("hello", undefined);
});
