import { afterEach, expect, jest, setDefaultTimeout, test } from "bun:test";
import { CellError, seededRandom } from "../../base/mod.ts";
import type { PooledConnection } from "./connection.ts";
import { CONNECTIONS_MAX, Pool, REACH_PATIENCE_MS, REFRESH_MS, SPREAD_AFTER_MS } from "./pool.ts";
import { type FakeClient, type FakeInstance, FakeService } from "./testing/fake_service.ts";
import { PASSED_OVER_FIRST_MS, PASSED_OVER_MS_MAX } from "./unreachable.ts";

/** Hundreds of services live and die in one test, on a machine that may be busy. */
setDefaultTimeout(120_000);

afterEach(() => void jest.useRealTimers());

/** A pool on a clock and a random source of its own. */
class World {
  now = 0;
  readonly service = new FakeService();
  readonly random: () => number;
  readonly pool: Pool;

  constructor(options: { seed?: number; pinned?: string } = {}) {
    this.random = seededRandom(options.seed ?? 1);
    this.pool = new Pool({
      service: "s",
      directory: this.service,
      connect: this.service.connect,
      pinned: options.pinned,
      now: () => this.now,
      random: this.random,
    });
  }

  /** Makes a call of `method` as a client would, as far as the choice of its connection. */
  async use(method = "m"): Promise<PooledConnection | undefined> {
    return this.pool.pick(method, this.now) ?? await this.pool.acquire(method);
  }

  /** Lets `ms` pass with a call at the end, and everything settle that the call has set off. */
  async pass(ms: number): Promise<void> {
    this.now += ms;
    await this.use().catch(() => {});
    await settled();
  }

  /** The ids of the instances that are picked, in many draws. */
  picked(method = "m", draws = 200): string[] {
    const ids = Array.from({ length: draws }, () => this.pool.pick(method, this.now)?.id ?? "none");
    return [...new Set(ids)].sort();
  }
}

/** Everything that waits for promises only has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

test("the first call connects to one instance, a client that goes on calling to the others", async () => {
  const world = new World();
  for (const number of [1, 2, 3]) world.service.start(number);
  await world.use();
  await settled();
  expect([world.service.lists, world.service.dials]).toEqual([1, 1]);
  await world.pass(SPREAD_AFTER_MS - 1);
  expect([world.service.lists, world.service.dials]).toEqual([1, 1]);
  await world.pass(1);
  expect([world.service.lists, world.service.dials]).toEqual([2, 3]);
  expect(world.picked()).toEqual(["s@1", "s@2", "s@3"]);
});

test("instances are listed once per period of use, and not at all without use", async () => {
  const world = new World();
  world.service.start(1);
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  expect(world.service.lists).toBe(2);
  for (let round = 0; round < 100; round++) await world.pass(REFRESH_MS / 100);
  expect(world.service.lists).toBe(3);
  world.now += 1_000 * REFRESH_MS;
  await settled();
  expect(world.service.lists).toBe(3);
  await world.pass(0);
  expect(world.service.lists).toBe(4);
});

test("a new instance gets calls within a period of use", async () => {
  const world = new World();
  world.service.start(1);
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  world.service.start(2);
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@1", "s@2"]);
});

test("an instance that drains gets no call, and who has taken its place is found at once", async () => {
  const world = new World();
  const [first] = [1, 2].map((number) => world.service.start(number));
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  world.service.drain(first!);
  world.service.start(3);
  // No time passes: discovering it is enough.
  expect(world.picked()).toEqual(["s@2"]);
  await world.pass(0);
  expect(world.picked()).toEqual(["s@2", "s@3"]);
});

test("an instance that does not say who it is gets no calls", async () => {
  const world = new World();
  world.service.start(1);
  await world.use();
  world.service.start(2).isHung = true;
  await world.pass(SPREAD_AFTER_MS);
  expect(world.picked()).toEqual(["s@1"]);
  await world.pool.close();
});

test("a client connects to a bounded number of instances, drawn at random", async () => {
  const chosen = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const world = new World({ seed });
    for (let number = 1; number <= 3 * CONNECTIONS_MAX; number++) world.service.start(number);
    await world.use();
    await world.pass(SPREAD_AFTER_MS);
    await world.pass(REFRESH_MS);
    expect(world.pool.size).toBe(CONNECTIONS_MAX);
    expect(world.service.dials).toBe(CONNECTIONS_MAX);
    for (const id of world.picked()) chosen.add(id);
  }
  expect(chosen.size).toBe(3 * CONNECTIONS_MAX);
});

test("calls that need a connection at the same time share one listing and one connection", async () => {
  const world = new World();
  for (const number of [1, 2, 3]) world.service.start(number);
  const connections = await Promise.all(Array.from({ length: 100 }, () => world.use()));
  expect(new Set(connections).size).toBe(1);
  expect([world.service.lists, world.service.dials]).toEqual([1, 1]);
});

test("a call that failed on an instance is given another one, connecting to it if need be, and none when all were tried", async () => {
  const world = new World();
  for (const number of [1, 2]) world.service.start(number);
  const first = (await world.use())!;
  const tried = new Set([first.id]);
  expect(world.pool.pick("m", world.now, tried)).toBeUndefined();
  const second = (await world.pool.acquire("m", tried))!;
  expect(second.id).not.toBe(first.id);
  expect(await world.pool.acquire("m", tried.add(second.id))).toBeUndefined();
});

test("what keeps instances from being found or connected to is the caller's error", async () => {
  const world = new World();
  expect((await rejection(world.pool.acquire("m"))).code).toBe("NOT_FOUND");
  const instance = world.service.start(1);
  const acquiring = rejection(world.pool.acquire("m"));
  // It has been listed by now, and is gone when it is connected to.
  world.service.kill(instance);
  expect((await acquiring).code).toBe("UNAVAILABLE");
});

test("a caller with a pin stays with its species while that runs, and goes to the newest release otherwise", async () => {
  const world = new World({ pinned: "old" });
  const old = world.service.start(1, { species: "old", release: 1 });
  for (const number of [2, 3]) world.service.start(number, { species: "new", release: 2 });
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  expect(world.picked()).toEqual(["s@1"]);
  world.service.drain(old);
  await world.pass(0);
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@2", "s@3"]);
  world.service.start(4, { species: "old", release: 1 });
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@4"]);
});

test("a caller without a pin moves to the newest release's species, and its old connections are closed", async () => {
  const world = new World();
  const old = world.service.start(1, { species: "old", release: 1 });
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  world.service.start(2, { species: "new", release: 2 });
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@2"]);
  for (let round = 0; round < 3; round++) await world.pass(REFRESH_MS);
  expect([...old.connections]).toEqual([]);
  expect(world.pool.size).toBe(1);
});

test("a connection is not closed while it has calls in flight", async () => {
  const world = new World();
  const old = world.service.start(1, { species: "old", release: 1 });
  await world.use();
  const [client] = [...old.connections];
  client!.inFlight = 1;
  world.service.start(2, { species: "new", release: 2 });
  for (let round = 0; round < 5; round++) await world.pass(REFRESH_MS);
  expect(client!.isClosed).toBe(false);
  client!.inFlight = 0;
  await world.pass(REFRESH_MS);
  expect(client!.isClosed).toBe(true);
});

test("a method that does not fit the best species is called on the next one, others stay", async () => {
  const world = new World({ pinned: "old" });
  world.service.start(1, { species: "newest", release: 3 });
  world.service.start(2, { species: "newer", release: 2 });
  const first = (await world.use("gone"))!;
  expect(first.species).toBe("newest");
  world.pool.noteMisfit(first, "gone");
  const second = (await world.pool.acquire("gone", new Set([first.id])))!;
  expect(second.species).toBe("newer");
  expect(world.picked("gone")).toEqual(["s@2"]);
  expect(world.picked("kept")).toEqual(["s@1"]);
  world.pool.noteMisfit(second, "gone");
  expect(await world.pool.acquire("gone", new Set([first.id, second.id]))).toBeUndefined();
  // The next call is told by the best species what is wrong.
  expect(world.picked("gone")).toEqual(["s@1"]);
});

test("an instance that was busy once is tried again although it has not said that it is idle", async () => {
  const world = new World();
  const busy = world.service.start(1);
  await world.use();
  for (const client of busy.connections) client.load.inFlight = 50;
  world.service.start(2);
  await world.pass(SPREAD_AFTER_MS);
  for (let round = 0; round < 3; round++) {
    expect(world.picked()).toContain("s@2");
    await world.pass(REFRESH_MS);
  }
  expect(world.picked()).toEqual(["s@1", "s@2"]);
});

test("the nearest instances get all calls, however many there are farther away", async () => {
  const world = new World();
  world.service.start(1, { distance: 3 });
  world.service.start(2, { distance: 2 });
  for (const number of [3, 4]) world.service.start(number, { distance: 1 });
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@3", "s@4"]);
  expect(world.service.dials).toBe(2);
});

test("when the near ones are gone the next ones get the calls at once, and the near ones again when they are back", async () => {
  const world = new World();
  const near = [1, 2].map((number) => world.service.start(number));
  const far = world.service.start(3, { distance: 2 });
  world.service.start(4, { distance: 3 });
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  world.service.drain(near[0]!);
  expect(world.picked()).toEqual(["s@2"]);
  world.service.kill(near[1]!);
  // No time passes between the death and the next call.
  expect((await world.use())!.id).toBe("s@3");
  expect(world.picked()).toEqual(["s@3"]);
  world.service.start(1);
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@1"]);
  for (let round = 0; round < 3; round++) await world.pass(REFRESH_MS);
  expect([...far.connections]).toEqual([]);
});

test("a better species is worth a longer way", async () => {
  const world = new World({ pinned: "mine" });
  world.service.start(1, { species: "other", release: 9 });
  world.service.start(2, { species: "mine", release: 1, distance: 3 });
  expect((await world.use())!.id).toBe("s@2");
});

test("a call that failed on a near instance is made on the other near ones before it goes farther", async () => {
  const world = new World();
  for (const number of [1, 2]) world.service.start(number);
  world.service.start(3, { distance: 1 });
  const tried = new Set<string>();
  const order: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    const { id } = (world.pool.pick("m", world.now, tried) ?? await world.pool.acquire("m", tried))!;
    order.push(id);
    tried.add(id);
  }
  expect(order.slice(0, 2).sort()).toEqual(["s@1", "s@2"]);
  expect(order[2]).toBe("s@3");
  expect(await world.pool.acquire("m", tried)).toBeUndefined();
});

test("a near instance that refuses connections costs no call, and is passed over for a while", async () => {
  const world = new World();
  const near = world.service.start(1, { distance: 1 });
  near.reach = "refuses";
  world.service.start(2, { distance: 2 });
  expect((await world.use())!.id).toBe("s@2");
  const dialsFirst = world.service.dials;
  await world.pass(PASSED_OVER_FIRST_MS - 1);
  expect(world.service.dials).toBe(dialsFirst);
  near.reach = "reachable";
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@1"]);
});

test("who is never reached is tried ever less often, and still when nobody else is there", async () => {
  const world = new World();
  world.service.start(1, { distance: 1 }).reach = "refuses";
  const far = world.service.start(2, { distance: 2 });
  await world.use();
  for (let round = 0; round < 100; round++) await world.pass(REFRESH_MS);
  // After 1, 3, 7, 15, 31 s and then every 30 s, beside the first attempt and the one to the far instance.
  expect(world.service.dials).toBe(2 + 5 + Math.floor((100 * REFRESH_MS - 31_000) / PASSED_OVER_MS_MAX));
  world.service.kill(far);
  expect((await rejection(world.pool.acquire("m"))).code).toBe("UNAVAILABLE");
});

test("a near instance that keeps quiet when it is connected to is not waited for alone", async () => {
  jest.useFakeTimers();
  const world = new World();
  world.service.start(1, { distance: 1 }).reach = "silent";
  world.service.start(2, { distance: 2 });
  let reached: string | undefined;
  const using = world.use().then((connection) => void (reached = connection!.id));
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  jest.advanceTimersByTime(REACH_PATIENCE_MS - 1);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  expect([reached, world.service.dials]).toEqual([undefined, 1]);
  jest.advanceTimersByTime(1);
  await using;
  expect([reached, world.service.dials]).toEqual(["s@2", 2]);
});

test("an instance that is not listed any more gets no calls while another one is, and all of them when none is", async () => {
  const world = new World();
  const first = world.service.start(1, { distance: 1 });
  world.service.start(2, { distance: 2 });
  await world.use();
  await world.pass(SPREAD_AFTER_MS);
  expect(world.picked()).toEqual(["s@1"]);
  // Its connection lives, as that of a machine without power does.
  world.service.instances.delete(first.id);
  await world.pass(REFRESH_MS);
  await world.pass(REFRESH_MS);
  expect(world.picked()).toEqual(["s@2"]);
  const alone = new World();
  const only = alone.service.start(1, { distance: 1 });
  await alone.use();
  await alone.pass(SPREAD_AFTER_MS);
  alone.service.instances.delete(only.id);
  await alone.pass(REFRESH_MS);
  expect(alone.picked()).toEqual(["s@1"]);
});

test("an instance elsewhere that is listed no more is doubted at once, even by who only waits for its answer", async () => {
  const world = new World();
  const [near, far] = [world.service.start(1), world.service.start(2, { distance: 2 })];
  world.service.vanish(near);
  await world.use();
  const [client] = far.connections;
  world.service.tell();
  await settled();
  expect(client!.doubts).toBe(0);
  world.service.vanish(far);
  world.service.tell();
  await settled();
  world.service.tell();
  await settled();
  expect(client!.doubts).toBe(1);
});

test("an instance elsewhere that has been started again is another process: its connection is doubted, and a new one made", async () => {
  const world = new World();
  const far = world.service.start(1, { distance: 1 });
  await world.use();
  const [client] = far.connections;
  far.place = "second";
  world.service.tell();
  await settled();
  const [next] = far.connections;
  expect([client!.doubts, far.connections.size, next === client]).toEqual([1, 1, false]);
});

test("an instance elsewhere that is gone gets no call, although another one that is listed has to be connected to first", async () => {
  const world = new World();
  const gone = world.service.start(1, { distance: 1 });
  await world.use();
  world.service.vanish(gone);
  world.service.start(2, { distance: 3 });
  world.service.tell();
  await settled();
  expect((await world.use())?.id).toBe("s@2");
});

test("what changes while the instances are being listed, or others connected to, is heard", async () => {
  const world = new World();
  const [first, second] = [world.service.start(1, { distance: 1 }), world.service.start(2, { distance: 1 })];
  second.reach = "silent";
  await world.use();
  const [client] = first.connections.size > 0 ? first.connections : second.connections;
  await world.pass(SPREAD_AFTER_MS);
  world.service.tell();
  world.service.vanish(first);
  world.service.tell();
  await settled();
  expect(client!.doubts).toBe(1);
});

test("an instance whose machine falls silent is doubted once, and gets its calls as before while it answers", async () => {
  const world = new World();
  const near = world.service.start(1, { distance: 1 });
  world.service.start(2, { distance: 2 });
  await world.use();
  const [client] = near.connections;
  near.isSilent = true;
  for (let times = 0; times < 2; times++) {
    world.service.tell();
    await settled();
  }
  expect([client!.doubts, client!.isDoubted, ...world.picked()]).toEqual([1, true, "s@1"]);
  near.isSilent = false;
  world.service.tell();
  await settled();
  expect(client!.isDoubted).toBe(false);
  near.isSilent = true;
  world.service.tell();
  await settled();
  expect([client!.doubts, ...world.picked()]).toEqual([2, "s@1"]);
});

test("an instance whose machine is silent is connected to after all that are not, however near it is", async () => {
  const world = new World();
  world.service.start(1, { distance: 1 }).isSilent = true;
  world.service.start(2, { distance: 3 });
  expect((await world.use())?.id).toBe("s@2");
});

test("an instance of this machine is not doubted: its end shows", async () => {
  const world = new World();
  const near = world.service.start(1);
  await world.use();
  world.service.vanish(near);
  world.service.tell();
  await settled();
  expect([...near.connections][0]!.doubts).toBe(0);
});

test("what a directory says after the end of the pool sets nothing off", async () => {
  const world = new World();
  world.service.start(1);
  await world.use();
  await world.pool.close();
  const { lists } = world.service;
  world.service.tell();
  await settled();
  expect(world.service.lists).toBe(lists);
});

test("a pool that is closed while instances refuse connects to none of the others", async () => {
  const world = new World();
  for (const number of [1, 2, 3]) world.service.start(number, { distance: 1 }).reach = "refuses";
  const connecting = rejection(world.pool.acquire("m"));
  while (world.service.dials === 0) await Promise.resolve();
  await world.pool.close();
  await connecting;
  expect(world.service.dials).toBe(1);
});

test("a closed pool has no connections and makes none", async () => {
  const world = new World();
  const instance = world.service.start(1);
  const connecting = rejection(world.pool.acquire("m"));
  await world.pool.close();
  expect((await connecting).code).toBe("FAILED_PRECONDITION");
  expect((await rejection(world.pool.acquire("m"))).message).toBe("calling s: this client is closed");
  expect([...instance.connections]).toEqual([]);
  const other = new World();
  const reached = other.service.start(1);
  const late = rejection(other.pool.acquire("m"));
  while (other.service.dials === 0) await Promise.resolve();
  await other.pool.close();
  expect((await late).code).toBe("FAILED_PRECONDITION");
  expect([...reached.connections]).toEqual([]);
});

/** What may happen to a service, by how often it does. */
const EVENTS = ["start", "start", "drain", "kill", "hang", "answer", "pass", "call", "call", "call"] as const;

test("whatever instances do, calls go to living ones of the best species, and in quiet times to all the nearest of them", async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const pinned = seed % 3 === 0 ? "b" : undefined;
    const world = new World({ seed, ...(pinned === undefined ? {} : { pinned }) });
    const { service, pool, random } = world;
    const flying: FakeClient[] = [];
    let release = 1;
    const anyInstance = (): FakeInstance | undefined =>
      [...service.instances.values()][Math.floor(random() * service.instances.size)];
    for (let step = 0; step < 120; step++) {
      const event = EVENTS[Math.floor(random() * EVENTS.length)]!;
      const instance = anyInstance();
      if (event === "start") {
        const free = Array.from({ length: 12 }, (_, n) => n + 1).filter((n) => !service.instances.has(`s@${n}`));
        if (random() < 0.1) release++;
        const distance = seed % 2 === 0 ? 0 : Math.floor(random() * 4) as 0 | 1 | 2 | 3;
        if (free[0] !== undefined) service.start(free[0], { release, species: "abc"[release % 3]!, distance });
      } else if (event === "drain" && instance) service.drain(instance);
      else if (event === "kill" && instance) service.kill(instance);
      else if (event === "answer") {
        const client = flying.splice(Math.floor(random() * flying.length), 1)[0];
        if (client !== undefined && client.inFlight > 0) client.inFlight--;
      } else if (event === "pass") await world.pass(random() * REFRESH_MS);
      else if (event === "call") {
        const connection = await world.use().catch(() => undefined);
        if (connection !== undefined) {
          const client = connection.client as unknown as FakeClient;
          const isLive = service.instances.get(connection.id) === client.instance;
          // Between its picking and this line nothing happens, so what is picked lives.
          expect([isLive, client.draining, client.isClosed], `seed ${seed}`).toEqual([true, false, false]);
          client.inFlight++;
          flying.push(client);
        }
      }
      expect(pool.size, `seed ${seed}`).toBeLessThanOrEqual(CONNECTIONS_MAX);
      for (const { connections } of service.instances.values()) {
        expect([...connections].filter((client) => !client.draining).length, `seed ${seed}`).toBeLessThanOrEqual(2);
      }
    }
    if (service.instances.size === 0) service.start(1, { release });
    for (const client of flying) client.inFlight = 0;
    // What could not be reached while it was busy dying is not passed over for longer.
    await world.pass(PASSED_OVER_MS_MAX);
    for (let round = 0; round < 4; round++) await world.pass(REFRESH_MS);
    const running = [...service.instances.values()];
    const newest = Math.max(...running.map((instance) => instance.release));
    const best = running.some(({ species }) => species === pinned)
      ? pinned
      : running.find((instance) => instance.release === newest)!.species;
    const ofSpecies = running.filter(({ species }) => species === best);
    const nearest = Math.min(...ofSpecies.map(({ distance }) => distance));
    const wanted = ofSpecies.filter(({ distance }) => distance === nearest).map(({ id }) => id).sort();
    const picked = world.picked("m", 1_000);
    expect(picked.length, `seed ${seed}`).toBe(Math.min(wanted.length, CONNECTIONS_MAX));
    expect(wanted, `seed ${seed}`).toEqual(expect.arrayContaining(picked));
    await pool.close();
    for (const { connections } of running) expect([...connections], `seed ${seed}`).toEqual([]);
  }
});

test("connections tell which transport they use now, and that they differ while some have not moved yet", async () => {
  const world = new World();
  const instances = [1, 2].map((number) => world.service.start(number));
  expect(world.pool.transport).toBeUndefined();
  await world.use();
  expect(world.pool.transport).toBe("uds");
  await world.pass(SPREAD_AFTER_MS);
  const [first, second] = instances.flatMap(({ connections }) => [...connections]);
  first!.transport = "shm";
  expect(world.pool.transport).toBe("mixed");
  second!.transport = "shm";
  expect(world.pool.transport).toBe("shm");
  await world.pool.close();
  expect(world.pool.transport).toBeUndefined();
});
