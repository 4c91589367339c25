import { expect, test } from "bun:test";
import { healthOf } from "./status.ts";

test("a network that failed, or a node that was removed, is a problem with its reason", () => {
  for (const state of ["failed", "removed"] as const) {
    expect(healthOf([], [], { state, problem: "why" })).toEqual({ healthy: false, problems: ["why"] });
  }
});

test("a node that has left its cluster on purpose is as healthy as one that was never in one", () => {
  expect(healthOf([], [], { state: "left", problem: "it has left" })).toEqual({ healthy: true, problems: [] });
  expect(healthOf([], [], { state: "off", problem: null })).toEqual({ healthy: true, problems: [] });
});
