import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "bun:test";
import { MIB } from "../base/mod.ts";
import { SPIN_MS, WAIT_MS } from "./pace.ts";
import { Polled, Poller, type PollerHost, TURN_MS_MAX } from "./poller.ts";

/** What one look costs in the tests' time. */
const LOOK_MS = 0.0001;

/** A machine of its own: looking takes time, a turn of the event loop takes more, and everything else stands still. */
class Machine implements PollerHost {
  nowMs = 1000;
  turns = 0;
  drains = 0;
  yields = 0;
  onYield = (): void => {};
  hasOtherCore = true;
  #next: (() => void)[] = [];

  now(): number {
    return this.nowMs;
  }
  nextTurn(run: () => void): void {
    this.#next.push(run);
  }
  soon(run: () => void): void {
    this.#next.push(run);
  }
  yield(): void {
    this.yields++;
    this.onYield();
  }
  drain(): void {
    this.drains++;
  }
  get isIdle(): boolean {
    return this.#next.length === 0;
  }
  /** One turn of the event loop; what it took. */
  turn(): number {
    const startedMs = this.nowMs;
    this.nowMs += 0.0005;
    this.turns++;
    for (const run of this.#next.splice(0)) run();
    return this.nowMs - startedMs;
  }
  turnUntilIdle(): void {
    for (let turns = 0; !this.isIdle; turns++) {
      if (turns === 100_000) throw new Error("the poller never sleeps");
      this.turn();
    }
  }
}

/** A connection on which something arrives at known times. */
class Connection extends Polled {
  isAwaited = true;
  movedBytes = 0;
  handled = 0;
  looks = 0;
  sleeps = 0;
  roundsEnded = 0;
  isAsleep = true;
  recordsPerPoll = 1;
  /** What handling a record costs beside the look. */
  handlingMs = 0;
  arrivals: number[] = [];
  onHandled = (): void => {};

  constructor(private readonly machine: Machine) {
    super();
  }
  private get isThere(): boolean {
    return this.arrivals.length > 0 && this.arrivals[0]! <= this.machine.nowMs;
  }
  poll(): number {
    this.looks++;
    this.machine.nowMs += LOOK_MS;
    let records = 0;
    for (; records < this.recordsPerPoll && this.isThere; records++) {
      this.arrivals.shift();
      this.machine.nowMs += this.handlingMs;
      this.handled++;
      this.onHandled();
    }
    return records;
  }
  afterRound(): void {
    this.roundsEnded++;
  }
  wakeUp(): void {
    this.isAsleep = false;
  }
  sleep(): boolean {
    if (this.isThere) return false;
    this.sleeps++;
    this.isAsleep = true;
    return true;
  }
}

function setup(): { machine: Machine; poller: Poller; connection: Connection } {
  const machine = new Machine();
  return { machine, poller: new Poller(machine), connection: new Connection(machine) };
}

/** An answer comes `delayMs` after each thing that was handled, `count` times. */
function answerEach(machine: Machine, connection: Connection, delayMs: number, count: number): void {
  connection.arrivals.push(machine.nowMs + delayMs);
  connection.onHandled = () => {
    if (connection.handled < count) connection.arrivals.push(machine.nowMs + delayMs);
  };
}

test("what comes within the time of a spin is handled without a turn of the event loop in between", () => {
  const { machine, poller, connection } = setup();
  answerEach(machine, connection, SPIN_MS / 4, 8);
  poller.wake(connection);
  machine.turn();
  expect(connection.handled).toBe(8);
});

test("the event loop has its turn in time, however much arrives", () => {
  const { machine, poller, connection } = setup();
  connection.arrivals = new Array(100_000).fill(0);
  poller.wake(connection);
  let longestMs = 0;
  while (connection.handled < 100_000) longestMs = Math.max(longestMs, machine.turn());
  expect(longestMs).toBeLessThan(2 * TURN_MS_MAX);
  expect(machine.turns).toBeGreaterThan(100_000 * LOOK_MS / TURN_MS_MAX / 2);
});

test("the event loop has its turn in time, however long what arrives takes", () => {
  const { machine, poller, connection } = setup();
  connection.recordsPerPoll = 32;
  connection.handlingMs = TURN_MS_MAX / 64;
  connection.arrivals = new Array(10_000).fill(0);
  poller.wake(connection);
  let longestMs = 0;
  while (connection.handled < 10_000) longestMs = Math.max(longestMs, machine.turn());
  expect(longestMs).toBeLessThan(2 * TURN_MS_MAX);
});

test("turns go on after one that threw", () => {
  const { machine, poller, connection } = setup();
  connection.arrivals = [0, 0];
  connection.onHandled = () => {
    if (connection.handled === 1) throw new Error("of a handler");
  };
  poller.wake(connection);
  expect(() => machine.turn()).toThrow("of a handler");
  machine.turnUntilIdle();
  expect(connection.handled).toBe(2);
});

test("what arrives is handled in the context that was kept, whoever woke the poller", async () => {
  const storage = new AsyncLocalStorage<string>();
  const poller = new Poller();
  const { connection } = setup();
  const seen: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.arrivals = [0, 0];
  connection.onHandled = () => {
    seen.push(storage.getStore());
    if (connection.handled === 2) resolve();
  };
  poller.keepContext();
  storage.run("of one call", () => poller.wake(connection));
  await promise;
  expect(seen).toEqual([undefined, undefined]);
});

test("promises run after every round in which something was handled, and then what they sent is announced", () => {
  const { machine, poller, connection } = setup();
  connection.arrivals = [0, 0, 0];
  poller.wake(connection);
  machine.turnUntilIdle();
  expect(machine.drains).toBe(3);
  expect(connection.roundsEnded).toBe(3);
});

test("a connection on which nothing comes is asleep soon, and then nothing runs", () => {
  const { machine, poller, connection } = setup();
  poller.wake(connection);
  const startedMs = machine.nowMs;
  machine.turnUntilIdle();
  expect(connection.isAsleep).toBe(true);
  expect(machine.nowMs - startedMs).toBeLessThan(2 * WAIT_MS);
  expect(machine.isIdle).toBe(true);
});

test("nothing is waited for where nobody waits for an answer", () => {
  const { machine, poller, connection } = setup();
  connection.isAwaited = false;
  poller.wake(connection);
  machine.turn();
  expect(connection.isAsleep).toBe(true);
  expect(machine.isIdle).toBe(true);
});

test("what arrives in the moment of going to sleep is handled", () => {
  const { machine, poller, connection } = setup();
  connection.isAwaited = false;
  connection.sleep = () => {
    if (connection.sleeps++ === 0) connection.arrivals.push(0);
    return connection.arrivals.length === 0;
  };
  poller.wake(connection);
  machine.turnUntilIdle();
  expect(connection.handled).toBe(1);
});

/** One question whose answer takes so long; how often it was looked for. */
function ask({ machine, poller, connection }: ReturnType<typeof setup>, delayMs: number): number {
  const looksBefore = connection.looks;
  connection.isQuiet = false;
  connection.arrivals.push(machine.nowMs + delayMs);
  poller.expect(connection);
  while (connection.arrivals.length > 0) {
    if (!machine.isIdle) machine.turn();
    else {
      machine.nowMs = connection.arrivals[0]!;
      poller.answer(connection);
    }
  }
  return connection.looks - looksBefore;
}

/** The same, many times: how often each was looked for, sorted. */
function askOften(setting: ReturnType<typeof setup>, count: number, delayMs: number): number[] {
  return Array.from({ length: count }, () => ask(setting, delayMs)).sort((a, b) => a - b);
}

test("answers that never come in time are left to the doorbell, but for a try now and then", () => {
  const setting = setup();
  askOften(setting, 20, 10);
  const looks = askOften(setting, 2000, 10);
  expect(looks[1900]).toBeLessThan(5);
  const tries = looks.filter((count) => count >= 5).length;
  expect(tries).toBeGreaterThan(0);
  expect(tries).toBeLessThan(30);
});

test("answers that come in time again are soon waited for awake again", () => {
  const setting = setup();
  askOften(setting, 2000, 10);
  askOften(setting, 2000, SPIN_MS / 4);
  expect(askOften(setting, 100, SPIN_MS / 4)[0]).toBeGreaterThan(5);
});

test("where one answer in two comes in time, the doorbell is left to ring", () => {
  const setting = setup();
  for (let count = 0; count < 100; count++) ask(setting, count % 2 === 0 ? SPIN_MS / 4 : 10);
  let awake = 0;
  for (let count = 0; count < 1000; count++) if (ask(setting, count % 2 === 0 ? SPIN_MS / 4 : 10) >= 5) awake++;
  expect(awake).toBeLessThan(150);
});

test("answers that are waited for and take longer than a spin are looked for once per turn of the event loop", () => {
  const setting = setup();
  const delayMs = (SPIN_MS + WAIT_MS) / 2;
  askOften(setting, 50, delayMs);
  const [least] = askOften(setting, 10, delayMs);
  expect(least).toBeGreaterThan(20);
  expect(least).toBeLessThan(delayMs / LOOK_MS / 2);
});

test("who waits makes way for the other side, which may be waiting for this processor", () => {
  const { machine, poller, connection } = setup();
  machine.onYield = () => connection.arrivals.push(machine.nowMs);
  poller.wake(connection);
  for (let turns = 0; turns < 1000 && connection.handled < 100; turns++) machine.turn();
  expect(connection.handled).toBeGreaterThanOrEqual(100);
  expect(connection.sleeps).toBe(0);
});

test("who has made way for others that keep the processor leaves the next answers to the doorbell", () => {
  const setting = setup();
  const { machine, connection } = setting;
  machine.onYield = () => machine.nowMs += 3;
  for (let count = 0; count < 20; count++) ask(setting, 2);
  machine.yields = 0;
  for (let count = 0; count < 1000; count++) ask(setting, 2);
  expect(machine.yields).toBeLessThan(20);
  expect(connection.handled).toBe(1020);
});

test("nobody makes way while what is waited for comes at once", () => {
  const { machine, poller, connection } = setup();
  answerEach(machine, connection, 20 * LOOK_MS, Infinity);
  poller.wake(connection);
  while (connection.handled < 200) machine.turn();
  expect(machine.yields).toBe(0);
});

test("a large message is waited for longer than a small one", () => {
  const setting = setup();
  askOften(setting, 50, SPIN_MS / 2);
  setting.connection.movedBytes += MIB;
  const looks = ask(setting, WAIT_MS * 4);
  expect(looks).toBeGreaterThan(200);
  expect(setting.connection.isAsleep).toBe(false);
});

test("a machine with one core neither spins nor polls", () => {
  const { machine, poller, connection } = setup();
  machine.hasOtherCore = false;
  connection.arrivals = [0];
  poller.wake(connection);
  machine.turnUntilIdle();
  expect(connection.handled).toBe(1);
  expect(connection.looks).toBeLessThanOrEqual(3);
});

test("a connection that is flooded does not keep another one waiting", () => {
  const { machine, poller, connection: flooded } = setup();
  const other = new Connection(machine);
  flooded.arrivals = new Array(10_000).fill(0);
  answerEach(machine, other, 10 * LOOK_MS, 100);
  poller.wake(flooded);
  poller.wake(other);
  while (other.handled < 100) machine.turn();
  expect(flooded.handled).toBeLessThan(100 * 12);
});

test("a forgotten connection is not looked at again", () => {
  const { machine, poller, connection } = setup();
  connection.arrivals = [0, 0, 0];
  connection.onHandled = () => poller.forget(connection);
  poller.wake(connection);
  machine.turnUntilIdle();
  expect(connection.handled).toBe(1);
});

test("a flood of doorbells does not keep the event loop from its turn", () => {
  const { machine, poller, connection: flooding } = setup();
  const busy = new Connection(machine);
  busy.arrivals = new Array(100_000).fill(0);
  poller.wake(busy);
  const startedMs = machine.nowMs;
  for (let ring = 0; ring < 1000; ring++) poller.answer(flooding);
  machine.turn();
  expect(machine.nowMs - startedMs).toBeLessThan(2 * TURN_MS_MAX);
});

test("a connection that is woken from within a turn is looked at in the same turn", () => {
  const { machine, poller, connection } = setup();
  const other = new Connection(machine);
  other.arrivals = [0];
  connection.arrivals = [0];
  connection.onHandled = () => poller.wake(other);
  poller.wake(connection);
  machine.turn();
  expect(other.handled).toBe(1);
});
