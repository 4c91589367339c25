import { expect, test } from "bun:test";
import { SupervisorCore } from "./mod.ts";

test("a service that is wanted twice gets two processes", () => {
  const core = new SupervisorCore({}, () => 0.5);
  const effects = core.setSpec({
    name: "hello",
    replicas: 2,
    minReplicas: 0,
    idleMs: 1000,
    stopped: false,
    releases: [{ number: 1, role: "active", parallel: false, observeMs: 0 }],
  }, 0);
  expect(effects).toEqual([
    { kind: "spawn", id: { service: "hello", number: 1 }, release: 1 },
    { kind: "spawn", id: { service: "hello", number: 2 }, release: 1 },
  ]);
});
