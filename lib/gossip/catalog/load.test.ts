import { expect, test } from "bun:test";
import { DEFAULTS } from "./options.ts";
import { SWEEP_INTERVAL_MS } from "./sweep.ts";
import { catalogOf, entryOf, START_MS } from "./testing/samples.ts";

const { loadStep, loadIntervalMs } = DEFAULTS;

function published() {
  const catalog = catalogOf(1);
  catalog.put(entryOf("hello", { load: 100 }), START_MS);
  const put = (load: number, afterMs: number, health: "up" | "degraded" = "up") =>
    catalog.put(entryOf("hello", { load, health }), START_MS + afterMs).length;
  const shown = () => catalog.entries("hello")[0]?.load;
  return { catalog, put, shown };
}

test("a load is published when it is an eighth away from what was published, not when it wavers around some edge", () => {
  const { put, shown } = published();
  for (let turn = 0; turn < 20; turn++) {
    const load = 100 + (turn % 2 === 0 ? 1 : -1) * (loadStep - 1);
    expect(put(load, (turn + 1) * loadIntervalMs)).toBe(0);
  }
  expect(put(100 + loadStep, 30 * loadIntervalMs)).toBe(1);
  expect(shown()).toBe(100 + loadStep);
});

test("a load that changes fast is published once in an interval, at last as it is", () => {
  const { catalog, put, shown } = published();
  const times: number[] = [0];
  const note = (items: number, afterMs: number) => items > 0 && times.push(afterMs);
  for (let afterMs = 500; afterMs <= 60_000; afterMs += 500) {
    note(put(afterMs % 3_000 === 0 ? 0 : 255, afterMs), afterMs);
    note(catalog.tick(START_MS + afterMs).length, afterMs);
  }
  const gapsMs = times.slice(1).map((at, index) => at - times[index]!);
  expect(gapsMs.length).toBeGreaterThanOrEqual(4);
  expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(loadIntervalMs);
  put(150, 60_001);
  catalog.tick(START_MS + 60_000 + loadIntervalMs);
  expect(shown()).toBe(150);
});

test("what was held back is published by the tick that is due, once", () => {
  const { catalog, put, shown } = published();
  catalog.tick(START_MS);
  expect(put(250, 1)).toBe(0);
  expect(catalog.nextAtMs).toBe(START_MS + Math.min(loadIntervalMs, SWEEP_INTERVAL_MS));
  expect(catalog.tick(START_MS + loadIntervalMs - 1)).toEqual([]);
  expect(catalog.tick(START_MS + loadIntervalMs).length).toBe(1);
  expect(shown()).toBe(250);
  expect(catalog.tick(START_MS + 2 * loadIntervalMs)).toEqual([]);
});

test("a load that came back by itself is not published any more", () => {
  const { catalog, put } = published();
  put(250, 1);
  put(101, 2);
  expect(catalog.tick(START_MS + 2 * loadIntervalMs)).toEqual([]);
});

test("what is held back is not published after its instance has gone", () => {
  const { catalog, put } = published();
  put(250, 1);
  catalog.remove("hello", "hello", START_MS + 2);
  expect(catalog.tick(START_MS + 2 * loadIntervalMs)).toEqual([]);
  expect(catalog.all()).toEqual([]);
});

test("anything else than the load is published at once, with the load as it is", () => {
  const { put, shown } = published();
  put(250, 1);
  expect(put(251, 2, "degraded")).toBe(1);
  expect(shown()).toBe(251);
});

test("a clock that was set back does not silence a load", () => {
  const { put, shown } = published();
  expect(put(0, -86_400_000)).toBe(1);
  expect(shown()).toBe(0);
});
