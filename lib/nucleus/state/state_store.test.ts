import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import { type NewService, StateStore } from "./mod.ts";
import { StateFolder } from "./testing/state_folder.ts";

const HELLO: NewService = {
  name: "hello",
  replicas: 3,
  minReplicas: 1,
  maxReplicas: undefined,
  idleMs: 300_000,
  cpuTarget: undefined,
};
const FIRST = { package: "a".repeat(64), species: "1111111111111111", env: { KEY: "value" } };
const SECOND = {
  package: "b".repeat(64),
  species: "2222222222222222",
  env: { A: "1\n2", B: "" },
  parallel: false,
  observeMs: 2000,
};

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as CellError).code;
  }
  return "nothing was thrown";
}

test("what was deployed is there after opening again", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  store.setRestarts("hello", 2, 7);
  const before = store.services();
  store.close();
  const again = folder.open();
  expect(again.services()).toEqual(before);
  expect(again.service("hello")).toMatchObject({
    ...HELLO,
    stopped: false,
    failure: undefined,
    releases: [{ ...FIRST, number: 1, role: "active", parallel: false }],
  });
  expect(again.service("hello")!.createdAt).toBeInstanceOf(Date);
  expect(again.restarts("hello")).toEqual(new Map([[2, 7]]));
  expect(again.service("other")).toBeUndefined();
});

test("only the settings that are given change, and one that is given as undefined is unset", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create({ ...HELLO, maxReplicas: 5, cpuTarget: 0.6 }, FIRST);
  const before = store.service("hello")!;
  store.configure("hello", { replicas: 0, stopped: true });
  expect(store.service("hello")).toEqual({ ...before, replicas: 0, stopped: true });
  store.configure("hello", { maxReplicas: undefined, stopped: false });
  expect(store.service("hello")).toEqual({ ...before, replicas: 0, maxReplicas: undefined });
});

test("a candidate that is promoted takes the place of the others", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  expect(store.addCandidate("hello", SECOND)).toBe(2);
  expect(store.service("hello")!.releases.map(({ number, role }) => [number, role])).toEqual([[1, "active"], [
    2,
    "candidate",
  ]]);
  store.promote("hello", 2);
  expect(store.service("hello")!.releases).toMatchObject([{ ...SECOND, number: 2, role: "active" }]);
});

test("a parallel candidate that is promoted leaves the others active", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  store.promote("hello", store.addCandidate("hello", { ...SECOND, parallel: true }));
  expect(store.service("hello")!.releases.map(({ number, role }) => [number, role])).toEqual([[1, "active"], [
    2,
    "active",
  ]]);
});

test("a second candidate supersedes the first, and numbers are never used again", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  expect(store.addCandidate("hello", SECOND)).toBe(2);
  expect(store.addCandidate("hello", SECOND)).toBe(3);
  expect(store.service("hello")!.releases.map(({ number }) => number)).toEqual([1, 3]);
  expect(codeOf(() => store.promote("hello", 2))).toBe("FAILED_PRECONDITION");
  expect(codeOf(() => store.promote("hello", 1))).toBe("FAILED_PRECONDITION");
  store.abort("hello", 3, "it did not start");
  expect(store.service("hello")).toMatchObject({ failure: "it did not start", releases: [{ number: 1 }] });
  store.abort("hello", 3, "once more");
  expect(store.service("hello")!.failure).toBe("it did not start");
  expect(store.addCandidate("hello", SECOND)).toBe(4);
  expect(store.service("hello")!.failure).toBeUndefined();
});

test("an active release is not aborted", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  store.abort("hello", 1, "a mistake");
  expect(store.service("hello")).toMatchObject({ failure: undefined, releases: [{ number: 1, role: "active" }] });
});

test("a species is removed alone, and with the last one the service goes", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  store.setRestarts("hello", 1, 1);
  store.promote("hello", store.addCandidate("hello", { ...SECOND, parallel: true }));
  expect(codeOf(() => store.removeSpecies("hello", "3333333333333333"))).toBe("NOT_FOUND");
  store.removeSpecies("hello", FIRST.species);
  expect(store.service("hello")!.releases.map(({ number }) => number)).toEqual([2]);
  store.removeSpecies("hello", SECOND.species);
  expect(store.services()).toEqual([]);
  expect(store.restarts("hello")).toEqual(new Map());
});

test("a candidate whose active release is removed becomes active", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  store.addCandidate("hello", SECOND);
  store.removeSpecies("hello", FIRST.species);
  expect(store.service("hello")!.releases).toMatchObject([{ number: 2, role: "active" }]);
});

test("a removed service leaves nothing behind and can be deployed anew", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  store.setRestarts("hello", 1, 5);
  store.remove("hello");
  store.create(HELLO, FIRST);
  expect(store.restarts("hello")).toEqual(new Map());
  expect(store.service("hello")!.releases.map(({ number }) => number)).toEqual([1]);
});

test("a service that is not there is NOT_FOUND with near names, and one that is there is not made again", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  expect(codeOf(() => store.create(HELLO, FIRST))).toBe("ALREADY_EXISTS");
  const calls = [
    () => store.configure("helo", {}),
    () => store.addCandidate("helo", SECOND),
    () => store.promote("helo", 1),
    () => store.removeSpecies("helo", FIRST.species),
    () => store.remove("helo"),
    () => store.setRestarts("helo", 1, 1),
  ];
  for (const call of calls) {
    expect(codeOf(call)).toBe("NOT_FOUND");
    expect(call).toThrow("no service named helo is deployed here. Did you mean hello?");
  }
});

test("several changes are made all or not at all", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  const before = store.services();
  expect(() =>
    store.atomically(() => {
      store.configure("hello", { replicas: 9 });
      store.addCandidate("hello", SECOND);
      throw new CellError("ABORTED", "no");
    })
  ).toThrow("no");
  expect(store.services()).toEqual(before);
  expect(store.atomically(() => store.addCandidate("hello", SECOND))).toBe(2);
});

test("names, values and reasons may hold anything that text can", () => {
  using folder = new StateFolder();
  const store = folder.open();
  const env = {
    __proto__x: "'; DROP TABLE services; --",
    QUOTE: '"',
    EMOJI: "\u{1f9ec}\n\r\t",
    LONG: "x".repeat(100_000),
  };
  store.create(HELLO, { ...FIRST, env });
  store.abort("hello", store.addCandidate("hello", SECOND), `reason\n${"y".repeat(100_000)}`);
  store.close();
  const again = folder.open().service("hello")!;
  expect(again.releases.map((release) => release.env)).toEqual([env]);
  expect(again.failure).toStartWith("reason\ny");
  expect(again.failure!.length).toBe(8192);
});

test("a restart count of zero is forgotten", () => {
  using folder = new StateFolder();
  const store = folder.open();
  store.create(HELLO, FIRST);
  store.setRestarts("hello", 1, 3);
  store.setRestarts("hello", 1, 0);
  expect(store.restarts("hello")).toEqual(new Map());
});

test("the store is closed twice without harm", () => {
  using folder = new StateFolder();
  const store = StateStore.open(folder.path);
  store.close();
  store.close();
});
