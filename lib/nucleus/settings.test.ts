import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import type { DeployRequest } from "./client/mod.ts";
import { ALWAYS_ALL, assertCount, assertTogether, settingsAfter } from "./settings.ts";

const REQUEST: DeployRequest = { service: "hello", package: "a".repeat(64), mode: "deploy" };
const asked = (request: Partial<DeployRequest>): DeployRequest => ({ ...REQUEST, ...request });

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    expect((error as CellError).code).toBe("INVALID_ARGUMENT");
    return (error as CellError).message;
  }
  throw new Error("it was not refused");
}

test("a new service has one instance that never stops, and what the request says", () => {
  const usual = settingsAfter(undefined, REQUEST);
  expect(usual).toEqual({
    replicas: 1,
    minReplicas: ALWAYS_ALL,
    maxReplicas: undefined,
    idleMs: 300_000,
    cpuTarget: undefined,
  });
  const all = { replicas: 4, minReplicas: 2, maxReplicas: 6, idleMs: 500, cpuTarget: 0.6 };
  expect(settingsAfter(undefined, asked(all))).toEqual(all);
});

test("what a request does not say stays as it was", () => {
  const before = settingsAfter(undefined, asked({ replicas: 4, minReplicas: 2 }));
  expect(settingsAfter(before, REQUEST)).toEqual(before);
  expect(settingsAfter(before, asked({ idleMs: 500 }))).toEqual({ ...before, idleMs: 500 });
});

test("without a count the bounds say how many: at least the minimum, at most the maximum", () => {
  expect(settingsAfter(undefined, asked({ minReplicas: 3 })).replicas).toBe(3);
  expect(settingsAfter(undefined, asked({ minReplicas: 0 })).replicas).toBe(1);
  const many = settingsAfter(undefined, asked({ replicas: 8 }));
  expect(settingsAfter(many, asked({ maxReplicas: 5 })).replicas).toBe(5);
  expect(settingsAfter(undefined, asked({ replicas: 0, minReplicas: 2 })).replicas).toBe(0);
});

test("counts that are negative, huge, fractional or no numbers are refused", () => {
  for (const count of [-1, 1001, 1e9, 1.5, NaN, Infinity, -Infinity, 2 ** 53]) {
    expect(refusal(() => assertCount("scaling hello", count))).toBe(
      `scaling hello: expected a whole number from 0 to 1000, found ${count}`,
    );
    for (const name of ["replicas", "minReplicas", "maxReplicas"]) {
      refusal(() => settingsAfter(undefined, asked({ [name]: count })));
    }
  }
  for (const count of [0, 1, 1000]) assertCount("scaling hello", count);
});

test("other settings that cannot be are refused", () => {
  const wrong: Partial<DeployRequest>[] = [
    { maxReplicas: 0 },
    { idleMs: 0 },
    { idleMs: -5 },
    { idleMs: 2 ** 31 },
    { observeMs: -1 },
    { observeMs: 1.5 },
    { cpuTarget: 0 },
    { cpuTarget: NaN },
    { cpuTarget: 100 },
    { env: { "": "x" } },
    { env: { "A=B": "x" } },
    { env: { A: "x\0y" } },
    { env: { CELL_HOME: "/" } },
    { env: { A: "x".repeat(1 << 20) } },
  ];
  for (const request of wrong) refusal(() => settingsAfter(undefined, asked(request)));
});

test("numbers of instances that contradict each other are refused", () => {
  expect(refusal(() => settingsAfter(undefined, asked({ replicas: 7, maxReplicas: 6 })))).toContain("maximum");
  expect(refusal(() => settingsAfter(undefined, asked({ minReplicas: 3, maxReplicas: 2 })))).toContain("minimum");
  expect(refusal(() => settingsAfter(undefined, asked({ replicas: 1, minReplicas: 2 })))).toContain("minimum");
  const bounded = settingsAfter(undefined, asked({ maxReplicas: 3 }));
  expect(refusal(() => assertTogether({ ...bounded, replicas: 4 }))).toContain("the maximum of this service is 3");
});
