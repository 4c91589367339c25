import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import {
  ASKED_NODES_MAX,
  NameSearch,
  type SearchedNodes,
  SEARCHES_MAX,
  UNKNOWN_MS,
  UNKNOWN_NAMES_MAX,
} from "./name_search.ts";

/** Nodes of which some have a service; `asked` and `woken` tell who was spoken to. */
function world(overrides: Partial<SearchedNodes> = {}, holders: string[] = []) {
  const asked: string[] = [];
  const woken: string[] = [];
  const state = { now: 0 };
  const nodes: SearchedNodes = {
    living: () => ["a", "b", "c"],
    has: (node) => Promise.resolve(asked.push(node) > 0 && holders.includes(node)),
    wake: (node) => Promise.resolve(woken.push(node) > 0),
    arrived: () => Promise.resolve(true),
    now: () => state.now,
    random: () => 0,
    ...overrides,
  };
  return { search: new NameSearch(nodes), asked, woken, state };
}

test("a service that sleeps on another node is woken there", async () => {
  const { search, woken } = world({}, ["b"]);
  expect(await search.find("hello")).toBe(true);
  expect(woken).toEqual(["b"]);
});

test("of several nodes that have it one is asked to start it", async () => {
  const { search, woken } = world({}, ["a", "b", "c"]);
  expect(await search.find("hello")).toBe(true);
  expect(woken).toHaveLength(1);
});

test("all that wait for one name share one search", async () => {
  const { search, asked } = world({}, ["b"]);
  expect(await Promise.all([search.find("hello"), search.find("hello")])).toEqual([true, true]);
  expect(asked).toHaveLength(3);
});

test("a name that nobody knows is not asked for again for a while", async () => {
  const { search, asked, state } = world();
  expect(await search.find("hello")).toBe(false);
  expect(await search.find("hello")).toBe(false);
  expect(asked).toHaveLength(3);
  state.now = UNKNOWN_MS;
  expect(await search.find("hello")).toBe(false);
  expect(asked).toHaveLength(6);
});

test("a node that does not answer keeps nobody from another one's answer", async () => {
  const has = (node: string) =>
    node === "a" ? Promise.reject(new CellError("UNAVAILABLE", "gone")) : Promise.resolve(node === "c");
  const { search, woken } = world({ has });
  expect(await search.find("hello")).toBe(true);
  expect(woken).toEqual(["c"]);
});

test("what keeps it from starting there is what the caller is told", async () => {
  const wake = () => Promise.reject(new CellError("ABORTED", "it crash-loops"));
  const { search } = world({ wake }, ["a"]);
  await expect(search.find("hello")).rejects.toThrow("it crash-loops");
});

test("of many nodes so many are asked", async () => {
  const { search, asked } = world({
    living: () => Array.from({ length: 100 }, (_, index) => String(index)),
    random: Math.random,
  });
  await search.find("hello");
  expect(new Set(asked).size).toBe(ASKED_NODES_MAX);
});

test("no more unknown names are remembered than the bound: the oldest is asked for again", async () => {
  const { search, asked } = world({ living: () => ["a"] });
  for (let count = 0; count <= UNKNOWN_NAMES_MAX; count++) await search.find(`name-${count}`);
  await search.find(`name-${UNKNOWN_NAMES_MAX}`);
  expect(asked).toHaveLength(UNKNOWN_NAMES_MAX + 1);
  await search.find("name-0");
  expect(asked).toHaveLength(UNKNOWN_NAMES_MAX + 2);
});

test("where the first that has a service cannot start it, another one does", async () => {
  const woken: string[] = [];
  const wake = (node: string) => {
    woken.push(node);
    return woken.length === 1 ? Promise.reject(new CellError("UNAVAILABLE", `${node} is full`)) : Promise.resolve(true);
  };
  const { search } = world({ wake }, ["a", "b"]);
  expect(await search.find("hello")).toBe(true);
  expect(woken.toSorted()).toEqual(["a", "b"]);
});

test("where nobody can start a service, what the first one said is told", async () => {
  const wake = (node: string) => Promise.reject(new CellError("UNAVAILABLE", `${node} is full`));
  const { search } = world({ wake }, ["b"]);
  await expect(search.find("hello")).rejects.toThrow("b is full");
});

test("no more names are looked for at once than the bound", async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const { search } = world({ has: () => promise });
  const all = Array.from({ length: SEARCHES_MAX }, (_, index) => search.find(`name-${index}`));
  await expect(search.find("one-more")).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  resolve(false);
  expect(new Set(await Promise.all(all))).toEqual(new Set([false]));
  expect(await search.find("one-more")).toBe(false);
});

test("a service that is stopped on a node is not tried there, and that it is stopped is told when nobody starts it", async () => {
  const has = (node: string) =>
    node === "b" ? Promise.reject(new CellError("FAILED_PRECONDITION", "stopped on b")) : Promise.resolve(false);
  const { search, woken } = world({ has });
  await expect(search.find("hello")).rejects.toThrow("stopped on b");
  expect(woken).toEqual([]);
  const sleeping = world({ has: (node) => node === "c" ? Promise.resolve(true) : has(node) });
  expect(await sleeping.search.find("hello")).toBe(true);
});
