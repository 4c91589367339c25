import { expect, test } from "bun:test";
import { MINUTE, SECOND } from "../../base/mod.ts";
import { CRASH_LOOP_RETRY_MS } from "./crash_loop.ts";
import { LAST_LOOK_MS, SPAWN_FAILURES_TOLD } from "./slot.ts";
import { SAMPLE_MS } from "./rollout.ts";
import { active, candidate, Stage } from "./testing/stage.ts";

test("as many processes are started as are wanted", () => {
  const stage = new Stage();
  expect(stage.spec({ replicas: 2 })).toEqual(["spawn 1", "spawn 2"]);
  stage.up(1, 2);
  expect(stage.instances).toEqual(["1 up", "2 up"]);
  expect(stage.core.service("hello")).toEqual({
    state: "up",
    up: 2,
    wanted: 2,
    arrived: { up: 2, wanted: 2 },
    phase: "settled",
    failure: undefined,
  });
});

test("a process that ends is started again under its number, and counted", () => {
  const stage = new Stage();
  stage.spec({ replicas: 2 });
  stage.up(1, 2);
  stage.wait(1 * SECOND);
  expect(stage.exit(1)).toEqual([]);
  expect(stage.instances).toEqual(["1 down: exited with code 1", "2 up"]);
  expect(stage.core.service("hello")?.state).toBe("degraded");
  expect(stage.wait(100)).toEqual(["spawn 1"]);
  expect(stage.core.instances()[0]?.restarts).toBe(1);
});

test("what fails five times in a row soon after its start is left alone, until somebody asks for it", () => {
  const stage = new Stage();
  stage.spec({});
  for (let failure = 1; failure <= 5; failure++) {
    stage.spawned(1);
    stage.exit(1);
    stage.wait(5 * SECOND);
  }
  expect(stage.instances).toEqual(["1 crash-looping: failed to start: exited with code 1"]);
  expect(stage.wait(CRASH_LOOP_RETRY_MS - 10 * SECOND)).toEqual([]);
  expect(stage.demand()).toEqual([]);
  expect(stage.core.service("hello")?.failure).toContain("hello@1 is crash-looping: failed to start");
  expect(stage.restart()).toEqual(["spawn 1"]);
});

test("what was given up gets one more try now and then, and is in order again when that succeeds", () => {
  const stage = new Stage();
  stage.spec({});
  for (let failure = 1; failure <= 5; failure++) {
    stage.spawned(1);
    stage.exit(1);
    stage.wait(5 * SECOND);
  }
  expect(stage.wait(CRASH_LOOP_RETRY_MS)).toEqual(["spawn 1"]);
  stage.spawned(1);
  stage.exit(1);
  expect(stage.instances[0]).toStartWith("1 crash-looping");
  expect(stage.wait(CRASH_LOOP_RETRY_MS - 1)).toEqual([]);
  expect(stage.wait(1)).toEqual(["spawn 1"]);
  stage.up(1);
  expect(stage.instances).toEqual(["1 up"]);
});

test("failures far apart are no crash loop", () => {
  const stage = new Stage();
  stage.spec({});
  for (let failure = 1; failure <= 10; failure++) {
    stage.up(1);
    for (let beat = 0; beat < 13; beat++) {
      stage.wait(5 * SECOND);
      stage.beat(1, { inFlight: 1 });
    }
    stage.exit(1);
    expect(stage.wait(100)).toEqual(["spawn 1"]);
  }
});

test("a machine that cannot start processes is no crash loop: it is tried ever less often", () => {
  const stage = new Stage();
  stage.spec({});
  for (let failure = 1; failure <= 20; failure++) {
    stage.did(stage.core.onSpawnFailed(stage.id(1), "Resource temporarily unavailable", stage.now));
    expect(stage.instances).toEqual(["1 down: could not be started: Resource temporarily unavailable"]);
    expect(stage.wait(30 * SECOND)).toEqual(["spawn 1"]);
  }
});

test("whoever waits for what the machine cannot start is told so, while it is tried on", () => {
  const stage = new Stage();
  stage.spec({});
  for (let failure = 1; failure <= SPAWN_FAILURES_TOLD; failure++) {
    expect(stage.core.service("hello")?.failure).toBeUndefined();
    stage.did(stage.core.onSpawnFailed(stage.id(1), "no memory", stage.now));
    if (failure < SPAWN_FAILURES_TOLD) expect(stage.wait(1 * SECOND)).toEqual(["spawn 1"]);
  }
  expect(stage.core.service("hello")?.failure).toBe("hello@1 could not be started: no memory");
  expect(stage.wait(1 * SECOND)).toEqual(["spawn 1"]);
  stage.up(1);
  expect(stage.core.service("hello")?.failure).toBeUndefined();
});

test("a process that never registers is killed, and that is why it is down", () => {
  const stage = new Stage();
  stage.spec({});
  stage.spawned(1);
  expect(stage.wait(30 * SECOND)).toEqual([]);
  expect(stage.wait(LAST_LOOK_MS)).toEqual(["kill 1"]);
  stage.exit(1, { code: null, signal: "SIGKILL" });
  expect(stage.instances).toEqual(["1 down: failed to start: not ready after 30 s"]);
});

test("a registration that waited for the agent, and comes just after the time for the start, counts", () => {
  const stage = new Stage();
  stage.spec({});
  stage.spawned(1);
  expect(stage.wait(30 * SECOND)).toEqual([]);
  stage.registered(1);
  expect(stage.wait(5 * SECOND)).toEqual([]);
  expect(stage.instances).toEqual(["1 up"]);
});

test("a process that hangs is asked, then killed; its end is called by its cause", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  expect(stage.wait(12_500)).toEqual(["ping 1"]);
  expect(stage.instances).toEqual(["1 degraded: no heartbeat for 13 s"]);
  expect(stage.wait(5 * SECOND)).toEqual(["kill 1"]);
  expect(stage.core.isUp("hello")).toBe(false);
  stage.exit(1, { code: null, signal: "SIGKILL" });
  expect(stage.instances).toEqual(["1 down: hung: no heartbeat and no answer to a ping"]);
});

test("a process that SIGKILL does not end is killed again and again, not replaced", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  expect(stage.wait(17_500)).toEqual(["ping 1", "kill 1"]);
  expect(stage.wait(10 * SECOND)).toEqual(["kill 1", "kill 1"]);
});

test("a suspended agent kills nobody for having been silent meanwhile", () => {
  const stage = new Stage();
  stage.spec({ minReplicas: 1 });
  stage.up(1);
  stage.now += 8 * 60 * MINUTE;
  expect(stage.did(stage.core.tick(stage.now))).toEqual([]);
  expect(stage.wait(4 * SECOND)).toEqual([]);
  stage.beat(1);
  expect(stage.instances).toEqual(["1 up"]);
});

test("an agent that was suspended just before a deadline hears what was said meanwhile before it kills", () => {
  const stage = new Stage();
  stage.spec({ minReplicas: 1 });
  stage.up(1);
  stage.wait(17 * SECOND);
  stage.now += 60 * SECOND;
  expect(stage.did(stage.core.tick(stage.now))).toEqual([]);
  stage.beat(1);
  expect(stage.instances).toEqual(["1 up"]);
});

test("an instance whose event loop is blocked is degraded until it is not", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  stage.beat(1, { eventLoopLagMs: 1_500 });
  expect(stage.instances).toEqual(["1 degraded: its event loop was blocked for 1500 ms"]);
  expect(stage.core.service("hello")?.state).toBe("degraded");
  stage.beat(1);
  expect(stage.instances).toEqual(["1 up"]);
});

test("the heartbeat of a process that is not known is answered with that", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  expect(stage.beat(2)).toEqual(["unknown"]);
  expect(stage.core.onHeartbeat(stage.id(1), 999, { inFlight: 0, calls: 0, errors: 0, eventLoopLagMs: 0 }, 0))
    .toBe("unknown");
});

test("only so many start at once, and one of a service that somebody waits for in any case", () => {
  const stage = new Stage({ startingMax: 2 });
  expect(stage.spec({ replicas: 5 })).toEqual(["spawn 1", "spawn 2"]);
  const other = { ...stage.specOf("other"), replicas: 0 };
  stage.did(stage.core.setSpec(other, 0));
  // Those that start may be what waits.
  const effects = stage.core.demand("other", 0);
  expect(effects).toContainEqual({ kind: "spawn", id: { service: "other", number: 1 }, release: 1 });
  expect(stage.did(stage.core.demand("other", 0))).toEqual([]);
});

test("scaling down drains the least busy, and the numbers are used again", () => {
  const stage = new Stage();
  stage.spec({ replicas: 3 });
  stage.up(1, 2, 3);
  stage.beat(1, { inFlight: 0, calls: 1 });
  stage.beat(2, { inFlight: 3 });
  stage.beat(3, { inFlight: 1 });
  expect(stage.spec({ replicas: 1 })).toEqual(["drain 1", "drain 3"]);
  expect(stage.instances).toEqual(["1 draining", "2 up", "3 draining"]);
  expect(stage.spec({ replicas: 2 })).toEqual(["spawn 4"]);
  stage.exit(1, { code: 0, signal: null });
  expect(stage.spec({ replicas: 3 })).toEqual(["spawn 1"]);
});

test("a process that does not drain is killed", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  expect(stage.spec({ stopped: true })).toEqual(["drain 1"]);
  expect(stage.wait(12 * SECOND)).toEqual(["kill 1"]);
  stage.exit(1, { code: null, signal: "SIGKILL" });
  expect(stage.instances).toEqual([]);
});

test("a process that is no longer wanted while it is being started is drained as soon as it exists", () => {
  const stage = new Stage();
  stage.spec({});
  expect(stage.spec({ stopped: true })).toEqual([]);
  expect(stage.did(stage.core.onSpawned(stage.id(1), 101, 0))).toEqual(["drain 1"]);
});

test("what has nothing to do for long enough goes, down to the minimum", () => {
  const stage = new Stage();
  stage.spec({ replicas: 3, minReplicas: 1 });
  stage.up(1, 2, 3);
  const words: string[] = [];
  for (let seconds = 5; seconds <= 120; seconds += 5) {
    words.push(...stage.wait(5 * SECOND));
    words.push(...[1, 2, 3].flatMap((number) => stage.beat(number, { calls: number === 1 ? seconds : 0 })));
  }
  expect(words.filter((word) => word.startsWith("drain"))).toEqual(["drain 2", "drain 3"]);
  expect(stage.instances[0]).toBe("1 up");
});

test("a call wakes a service that sleeps, once for all who wait", () => {
  const stage = new Stage();
  stage.spec({ replicas: 0 });
  expect(stage.core.service("hello")?.state).toBe("idle");
  expect(stage.demand()).toEqual(["spawn 1"]);
  for (let caller = 0; caller < 100; caller++) expect(stage.demand()).toEqual([]);
  stage.up(1);
  expect(stage.core.isUp("hello")).toBe(true);
});

test("who waits learns why nothing came, and the next one waits for another try", () => {
  const stage = new Stage();
  stage.spec({ replicas: 0 });
  stage.demand();
  stage.spawned(1);
  stage.exit(1);
  expect(stage.core.service("hello")?.failure).toBe("failed to start: exited with code 1");
  stage.demand();
  expect(stage.core.service("hello")?.failure).toBeUndefined();
  expect(stage.wait(100)).toEqual(["spawn 1"]);
});

test("a stopped service is not woken", () => {
  const stage = new Stage();
  stage.spec({ stopped: true });
  expect(stage.demand()).toEqual([]);
  expect(stage.core.service("hello")?.state).toBe("stopped");
});

test("a restart brings a fresh process up before an old one goes", () => {
  const stage = new Stage();
  stage.spec({ replicas: 2 });
  stage.up(1, 2);
  expect(stage.restart()).toEqual(["spawn 3"]);
  expect(stage.core.service("hello")?.phase).toBe("starting");
  expect(stage.up(3)).toEqual(["drain 2", "spawn 4"]);
  expect(stage.up(4)).toEqual(["drain 1"]);
  expect(stage.core.service("hello")?.phase).toBe("draining");
});

test("a restart whose fresh process does not start leaves the old ones in peace", () => {
  const stage = new Stage();
  stage.spec({ replicas: 2 });
  stage.up(1, 2);
  stage.restart();
  for (let failure = 1; failure <= 5; failure++) {
    stage.spawned(3);
    stage.exit(3);
    stage.wait(2 * SECOND);
  }
  expect(stage.instances.map((line) => line.split(":")[0])).toEqual(["1 up", "2 up", "3 crash-looping"]);
});

test("a candidate comes up beside the active release, is watched, and takes its place", () => {
  const stage = new Stage();
  stage.spec({ replicas: 2 });
  stage.up(1, 2);
  expect(stage.spec({ releases: [active(1), candidate(2, { observeMs: 2_000 })] })).toEqual(["spawn 3", "spawn 4"]);
  stage.up(3);
  expect(stage.core.service("hello")).toMatchObject({ up: 2, arrived: { up: 1, wanted: 2 }, phase: "starting" });
  stage.up(4);
  expect(stage.core.service("hello")?.phase).toBe("observing");
  const everybody = ["ping 3", "ping 4", "ping 1", "ping 2"];
  expect(stage.wait(SAMPLE_MS)).toEqual(everybody);
  // What was said before the time was over does not count.
  for (const number of [1, 2, 3, 4]) expect(stage.pong(number)).toEqual([]);
  stage.wait(2_000 - 2 * SAMPLE_MS);
  expect(stage.wait(SAMPLE_MS)).toEqual(everybody);
  expect(stage.wait(1 * SECOND)).toEqual([]);
  expect(stage.pong(3)).toEqual([]);
  expect(stage.beat(4)).toEqual(["promote r2"]);
  expect(stage.spec({ releases: [active(2)] })).toEqual(["drain 1", "drain 2"]);
  expect(stage.instances).toEqual(["1 draining", "2 draining", "3 up", "4 up"]);
});

test("a candidate with nothing to be compared with is promoted when it is up", () => {
  const stage = new Stage();
  stage.spec({ replicas: 0 });
  expect(stage.spec({ releases: [active(1), candidate(2, { observeMs: 2_000 })] })).toEqual(["spawn 1"]);
  expect(stage.up(1)).toEqual(["promote r2"]);
});

test("a parallel candidate is promoted without being watched, and both run", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  stage.spec({ releases: [active(1), candidate(2, { parallel: true, observeMs: 2_000 })] });
  expect(stage.up(2)).toEqual(["promote r2"]);
  expect(stage.spec({ releases: [active(1), active(2)] })).toEqual([]);
  expect(stage.core.service("hello")).toMatchObject({ up: 2, wanted: 2, phase: "settled" });
});

test("the first failed start of a candidate ends it, and nothing of it is started again", () => {
  const stage = new Stage();
  stage.spec({ replicas: 2 });
  stage.up(1, 2);
  stage.spec({ releases: [active(1), candidate(2)] });
  stage.up(3);
  stage.spawned(4);
  expect(stage.exit(4)).toEqual(["abort r2", "drain 3"]);
  expect(stage.wait(1 * SECOND)).toEqual([]);
  expect(stage.spec({ releases: [active(1)] })).toEqual([]);
  stage.exit(3, { code: 0, signal: null });
  expect(stage.instances).toEqual(["1 up", "2 up"]);
});

test("a candidate whose calls fail more often is rolled back", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  stage.beat(1, { calls: 1_000, errors: 1 });
  stage.spec({ releases: [active(1), candidate(2, { observeMs: 10_000 })] });
  stage.up(2);
  stage.wait(5 * SECOND);
  stage.beat(1, { calls: 2_000, errors: 2 });
  expect(stage.beat(2, { calls: 100, errors: 50 })).toEqual(["abort r2", "drain 2"]);
});

test("a candidate that fails is found out by being asked, long before its next heartbeat", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  stage.spec({ releases: [active(1), candidate(2, { observeMs: 10_000 })] });
  stage.up(2);
  stage.wait(SAMPLE_MS);
  stage.pong(1, { calls: 1_000, errors: 0 });
  expect(stage.pong(2, { calls: 20, errors: 20 })).toEqual(["abort r2", "drain 2"]);
});

test("calls that only an answer to a ping tells of keep an instance from being idle", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  stage.wait(50 * SECOND);
  stage.pong(1, { calls: 1, errors: 0 });
  stage.wait(20 * SECOND);
  expect(stage.beat(1, { calls: 1 })).toEqual([]);
});

test("a candidate of a stopped service is promoted without being started", () => {
  const stage = new Stage();
  stage.spec({ stopped: true });
  expect(stage.spec({ releases: [active(1), candidate(2)] })).toEqual(["promote r2"]);
  expect(stage.spec({ releases: [active(2)] })).toEqual([]);
});

test("a newer candidate takes the place of an older one", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  stage.spec({ releases: [active(1), candidate(2)] });
  stage.spawned(2);
  expect(stage.spec({ releases: [active(1), candidate(3)] })).toEqual(["drain 2", "spawn 3"]);
});

test("old instances stay until as many new ones as are wanted are up, when that has changed meanwhile", () => {
  const stage = new Stage();
  stage.spec({ replicas: 1 });
  stage.up(1);
  stage.spec({ releases: [active(1), candidate(2)] });
  expect(stage.up(2)).toEqual(["promote r2"]);
  expect(stage.spec({ replicas: 2, releases: [active(2)] })).toEqual(["spawn 3"]);
  expect(stage.up(3)).toEqual(["drain 1"]);
});

test("adopted processes are asked whether they serve, and not started again", () => {
  const stage = new Stage();
  expect(stage.did(stage.core.adopt({ id: stage.id(2), release: 1, species: "species", pid: 102 }, 0))).toEqual([
    "ping 2",
  ]);
  expect(stage.spec({ replicas: 2 })).toEqual(["spawn 1"]);
  expect(stage.instances).toEqual(["1 starting", "2 starting"]);
  stage.did(stage.core.onPingAnswered(stage.id(2), { calls: 0, errors: 0 }, 0));
  expect(stage.core.instances()[1]).toMatchObject({ state: "up", pid: 102, restarts: 0, species: "species" });
});

test("an adopted process that never says anything is killed", () => {
  const stage = new Stage();
  stage.did(stage.core.adopt({ id: stage.id(1), release: 1, species: undefined, pid: 101 }, 0));
  stage.spec({});
  stage.did(stage.core.onPingFailed(stage.id(1), 0));
  expect(stage.wait(30 * SECOND + LAST_LOOK_MS)).toEqual(["kill 1"]);
});

test("adopted processes of a service that nobody wants go with the first tick", () => {
  const stage = new Stage();
  stage.did(stage.core.adopt({ id: stage.id(1), release: 1, species: undefined, pid: 101 }, 0));
  expect(stage.core.nextTickAt()).toBe(0);
  expect(stage.did(stage.core.tick(0))).toEqual(["drain 1"]);
  stage.exit(1, { code: 0, signal: null });
  expect(stage.core.service("hello")).toBeUndefined();
});

test("restarts of before are counted on", () => {
  const stage = new Stage();
  stage.core.setRestarts("hello", new Map([[1, 7], [2, 3]]));
  stage.did(stage.core.adopt({ id: stage.id(1), release: 1, species: undefined, pid: 101 }, 0));
  stage.spec({ replicas: 2 });
  expect(stage.core.instances().map(({ restarts }) => restarts)).toEqual([7, 3]);
  stage.exit(1);
  stage.wait(1 * SECOND);
  expect(stage.core.instances()[0]?.restarts).toBe(8);
});

test("a removed service ends and is forgotten; a new one of its name is another one", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  expect(stage.did(stage.core.removeService("hello", 0))).toEqual(["drain 1"]);
  expect(stage.spec({})).toEqual(["spawn 2"]);
  stage.exit(1, { code: 0, signal: null });
  expect(stage.instances).toEqual(["2 starting"]);
});

test("at the end everything goes and nothing starts any more", () => {
  const stage = new Stage();
  stage.spec({ replicas: 2 });
  stage.up(1, 2);
  stage.exit(2);
  expect(stage.did(stage.core.drainAll(0))).toEqual(["drain 1"]);
  expect(stage.spec({ replicas: 5 })).toEqual([]);
  expect(stage.demand()).toEqual([]);
  expect(stage.restart()).toEqual([]);
  stage.exit(1, { code: 0, signal: null });
  expect(stage.instances).toEqual([]);
  expect(stage.core.nextTickAt()).toBe(Infinity);
});

test("what is said about a process that has been replaced changes nothing", () => {
  const stage = new Stage();
  stage.spec({});
  stage.up(1);
  expect(stage.did(stage.core.onExit(stage.id(1), 999, { code: 1, signal: null }, 0))).toEqual([]);
  expect(stage.did(stage.core.onExit(stage.id(9), 101, { code: 1, signal: null }, 0))).toEqual([]);
  expect(stage.instances).toEqual(["1 up"]);
});
