import { expect, test } from "bun:test";
import { SupervisorCore } from "./mod.ts";

const HELLO = { service: "hello", number: 1 };
const ASLEEP = {
  name: "hello",
  replicas: 0,
  minReplicas: 0,
  idleMs: 60_000,
  stopped: false,
  releases: [{ number: 1, role: "active", parallel: false, observeMs: 0 }],
} as const;

test("scaling to 0 again ends what a call has woken meanwhile, and the next call wakes another one", () => {
  const core = new SupervisorCore({}, () => 0.5);
  core.setSpec(ASLEEP, 0);
  expect(core.demand("hello", 1)).toMatchObject([{ kind: "spawn", id: HELLO }]);
  core.onSpawned(HELLO, 7, 2);
  core.onRegistered(HELLO, 7, "species", 3);
  expect(core.setSpec(ASLEEP, 4)).toEqual([]);
  expect(core.rescale("hello", 4)).toEqual([{ kind: "drain", id: HELLO }]);
  core.onExit(HELLO, 7, { code: 0, signal: null }, 5);
  expect(core.instances()).toEqual([]);
  expect(core.demand("hello", 6)).toMatchObject([{ kind: "spawn", id: HELLO }]);
});
