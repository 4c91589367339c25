import { expect, test } from "bun:test";
import type { CatalogInstance } from "../client/mod.ts";
import { Changes } from "./changes.ts";
import { Watchers, WATCHERS_MAX } from "./watchers.ts";

function instance(name: string, load = 0): CatalogInstance {
  return { service: "hello", instance: name, load } as CatalogInstance;
}

/** Services whose instances a test sets; `looks` counts how often somebody looked. */
function world() {
  const state = { instances: [] as CatalogInstance[], looks: 0 };
  const changes = new Changes();
  const watchers = new Watchers(changes, () => {
    state.looks++;
    return Promise.resolve([...state.instances]);
  });
  const set = (...instances: CatalogInstance[]) => {
    state.instances = instances;
    changes.ring("hello");
  };
  return { state, changes, watchers, set };
}

test("who watches hears what there is and what becomes of it", async () => {
  const { watchers, set } = world();
  const abort = new AbortController();
  const stream = watchers.watch("hello", abort.signal);
  expect((await stream.next()).value).toEqual([]);
  const next = stream.next();
  set(instance("hello@1"));
  expect((await next).value).toEqual([instance("hello@1")]);
  abort.abort();
  expect((await stream.next()).done).toBe(true);
  expect(watchers.count).toBe(0);
});

test("a thousand watchers of one service look once at a change, and none at one of another service", async () => {
  const { watchers, set, state, changes } = world();
  const abort = new AbortController();
  const streams = Array.from({ length: 1000 }, () => watchers.watch("hello", abort.signal));
  await Promise.all(streams.map((stream) => stream.next()));
  expect(state.looks).toBe(1);
  changes.ring("other");
  const all = Promise.all(streams.map((stream) => stream.next()));
  set(instance("hello@1"));
  const heard = await all;
  expect(new Set(heard.map(({ value }) => value))).toEqual(new Set([[instance("hello@1")]]));
  expect(state.looks).toBe(2);
  abort.abort();
  await Promise.all(streams.map((stream) => stream.return()));
});

test("what changes a hundred times in a moment is looked at twice, and the last is what is heard", async () => {
  const { watchers, set, state } = world();
  const abort = new AbortController();
  const stream = watchers.watch("hello", abort.signal);
  await stream.next();
  const next = stream.next();
  for (let load = 1; load <= 100; load++) {
    set(instance("hello@1", load));
    await Promise.resolve();
  }
  expect((await next).value).toEqual([instance("hello@1", 100)]);
  expect(state.looks).toBe(2);
  abort.abort();
  await stream.return();
});

test("no more follow than the bound, and who ends makes room", async () => {
  const { watchers } = world();
  const abort = new AbortController();
  const streams = Array.from({ length: WATCHERS_MAX }, () => watchers.watch("hello", abort.signal));
  await Promise.all(streams.map((stream) => stream.next()));
  await expect(watchers.watch("hello", abort.signal).next()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  await streams[0]!.return();
  expect((await watchers.watch("hello", abort.signal).next()).done).toBe(false);
  abort.abort();
});

test("a watcher goes on after a look that failed", async () => {
  const changes = new Changes();
  let looks = 0;
  const watchers = new Watchers(
    changes,
    () => looks++ === 0 ? Promise.reject(new Error("no run directory")) : Promise.resolve([]),
  );
  const { signal } = new AbortController();
  await expect(watchers.watch("hello", signal).next()).rejects.toThrow("no run directory");
  expect((await watchers.watch("hello", signal).next()).value).toEqual([]);
});
