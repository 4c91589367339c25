import { availableParallelism } from "node:os";
import { MS } from "../base/mod.ts";
import { drainMicrotasks, yieldProcessor } from "../sys/mod.ts";
import { Pace } from "./pace.ts";

/** After this long the event loop gets a turn, however much arrives: timers and other connections wait no longer. */
export const TURN_MS_MAX = 0.2 * MS;
/** How many records are handled between two looks at the clock, which cost as much as a small call's decoding. */
const RECORDS_PER_LOOK = 16;
/** The same for rounds in which nothing arrived. */
const QUIET_ROUNDS_PER_LOOK = 32;
/** After so many of them, about 3 us, it is no longer unlikely that the other side waits for this processor. */
const QUIET_ROUNDS_UNTIL_YIELD = 64;

/** One connection, as its poller sees it. */
export abstract class Polled {
  /** Owned by the poller. */
  readonly pace = new Pace();
  /** Is looked at in every round. Owned by the poller. */
  isAwake = false;
  /** Nothing has arrived since the last look. Owned by the poller. */
  isQuiet = false;
  /** What `movedBytes` was when it became quiet last. Owned by the poller. */
  movedBytesBefore = 0;

  /** Bytes ever sent and received. */
  abstract readonly movedBytes: number;
  /** Somebody waits for what will arrive. Only then is it waited for otherwise than by sleeping. */
  abstract readonly isAwaited: boolean;
  /** Is looked at from now on: the other side need not ring. */
  abstract wakeUp(): void;
  /** A round is over: what it sent is there, so the other side is woken once for all of it. */
  abstract afterRound(): void;
  /** Handles what has arrived, at most a bounded part of it; how many records that were, 0 when there was nothing to do. */
  abstract poll(): number;
  /** Asks the other side for its doorbell; false, without asking, when there is something to do. */
  abstract sleep(): boolean;
}

/** What a poller runs on; tests give their own. */
export interface PollerHost {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Runs something in the next turn of the event loop. */
  nextTurn(run: () => void): void;
  /** Runs something when the code that runs now has come to its end. */
  soon(run: () => void): void;
  /** Runs what promises wait for. */
  drain(): void;
  /**
   * Lets others have this processor. The kernel likes to wake the other side on the processor of who woke it; there it would
   * wait for as long as this one spins, up to a time slice.
   */
  yield(): void;
  /** Whether the other side can run while this one spins. */
  readonly hasOtherCore: boolean;
}

const HOST: PollerHost = {
  now: () => performance.now(),
  nextTurn: (run) => void setImmediate(run),
  soon: queueMicrotask,
  yield: yieldProcessor,
  drain: drainMicrotasks,
  hasOtherCore: availableParallelism() > 1,
};

/**
 * Looks after the shared memory of all connections of a process that something is expected from. One turn looks at each in
 * rounds, runs the promises that wait for what was delivered, and goes on while there is something to do, for at most
 * `TURN_MS_MAX`. What is quiet is spun for, then looked at once per turn of the event loop, then left to the doorbell, as
 * its pace suggests. When all sleep, nothing of the poller runs.
 */
export class Poller {
  #awake: Polled[] = [];
  #isScheduled = false;
  #isAnswering = false;
  #inTurn = false;
  /** See `keepContext`. */
  #context: ((run: () => void) => void) | undefined;
  readonly #turn = () => {
    this.#isScheduled = false;
    this.#run();
  };
  readonly #answer = () => {
    this.#isAnswering = false;
    this.#run();
  };
  readonly #look = () => this.#retire(this.#rounds());

  constructor(private readonly host: PollerHost = HOST) {}

  /** Whether code runs that a round has set off: `afterRound` follows. */
  get isInTurn(): boolean {
    return this.#inTurn;
  }

  /**
   * Turns run in the asynchronous context of the first call of this. Handlers run in them: in the context of whoever happened
   * to wake the poller they would see what belongs to another call.
   */
  keepContext(): void {
    this.#context ??= process.getBuiltinModule("node:async_hooks").AsyncLocalStorage.snapshot();
  }

  /** Something was sent that will be answered: waits for it awake if that is worth it, else leaves it to the doorbell. */
  expect(polled: Polled): void {
    if (!polled.isAwake && this.host.hasOtherCore && polled.pace.isTrusted) this.wake(polled);
  }

  /** Something is to be done: looks at `polled` from the next turn on. */
  wake(polled: Polled): void {
    this.#rouse(polled);
    if (!this.#isScheduled && !this.#inTurn) this.#schedule();
  }

  /** The doorbell rang: looks as soon as everything has been heard that came with it, however often it rang. */
  answer(polled: Polled): void {
    if (!polled.isAwake) polled.pace.onDoorbell();
    this.#rouse(polled);
    if (this.#isScheduled || this.#isAnswering || this.#inTurn) return;
    this.#isAnswering = true;
    this.host.soon(this.#answer);
  }

  /** Never looks at it again. */
  forget(polled: Polled): void {
    polled.isAwake = false;
  }

  #rouse(polled: Polled): void {
    if (polled.isAwake) return;
    polled.isAwake = true;
    // What comes first was not waited for awake.
    polled.isQuiet = false;
    polled.wakeUp();
    this.#awake.push(polled);
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.host.nextTurn(this.#turn);
  }

  #run(): void {
    this.#inTurn = true;
    try {
      if (this.#context === undefined) this.#look();
      else this.#context(this.#look);
    } finally {
      this.#inTurn = false;
      if (this.#awake.length > 0 && !this.#isScheduled) this.#schedule();
    }
  }

  /** Looks until it is time for the event loop; returns about what time it is. */
  #rounds(): number {
    const { host } = this;
    let nowMs = host.now();
    const endMs = nowMs + TURN_MS_MAX;
    let spinUntilMs = 0;
    let records = 0;
    let quietRounds = 0;
    let hasHandled = false;
    for (;;) {
      const handled = this.#round(nowMs);
      if (handled > 0) {
        quietRounds = 0;
        hasHandled = true;
        host.drain();
        for (const polled of this.#awake) if (polled.isAwake) polled.afterRound();
        records += handled;
        if (records < RECORDS_PER_LOOK) continue;
        records = 0;
        nowMs = host.now();
      } else {
        if (quietRounds === 0) {
          nowMs = host.now();
          spinUntilMs = this.#quiet(nowMs);
        } else if (quietRounds % QUIET_ROUNDS_PER_LOOK === 0) {
          if (quietRounds >= QUIET_ROUNDS_UNTIL_YIELD) host.yield();
          nowMs = host.now();
        }
        quietRounds++;
        if (nowMs >= spinUntilMs) {
          if (!hasHandled) host.yield();
          return nowMs;
        }
      }
      if (nowMs >= endMs) return nowMs;
    }
  }

  /** Looks at each connection once; how many records were handled. */
  #round(nowMs: number): number {
    const awake = this.#awake;
    let records = 0;
    for (let index = 0; index < awake.length; index++) {
      const polled = awake[index]!;
      if (!polled.isAwake) continue;
      const handled = polled.poll();
      records += handled;
      if (handled === 0 || !polled.isQuiet) continue;
      polled.isQuiet = false;
      polled.pace.onArrival(nowMs);
    }
    return records;
  }

  /** Notes which connections have become quiet; until when one of them is worth spinning for. */
  #quiet(nowMs: number): number {
    let spinUntilMs = 0;
    for (const polled of this.#awake) {
      if (!polled.isAwake) continue;
      if (!polled.isQuiet) {
        const { movedBytes } = polled;
        polled.isQuiet = true;
        polled.pace.onQuiet(nowMs, movedBytes - polled.movedBytesBefore);
        polled.movedBytesBefore = movedBytes;
      }
      if (polled.isAwaited && polled.pace.spinUntilMs > spinUntilMs) spinUntilMs = polled.pace.spinUntilMs;
    }
    return this.host.hasOtherCore ? spinUntilMs : 0;
  }

  /** Sends those to sleep from which nothing is expected soon. */
  #retire(nowMs: number): void {
    const awake = this.#awake;
    let kept = 0;
    for (let index = 0; index < awake.length; index++) {
      const polled = awake[index]!;
      if (!polled.isAwake) continue;
      if (this.#isExpected(polled, nowMs)) awake[kept++] = polled;
      else if (!polled.sleep()) awake[kept++] = polled;
      else polled.isAwake = false;
    }
    awake.length = kept;
  }

  /** Whether it is worth staying awake for a connection. */
  #isExpected({ isQuiet, isAwaited, pace }: Polled, nowMs: number): boolean {
    if (!isQuiet) return true;
    if (!isAwaited || !this.host.hasOtherCore || !pace.isTrusted) return false;
    if (nowMs < pace.waitUntilMs) return true;
    pace.onVain();
    return false;
  }
}
