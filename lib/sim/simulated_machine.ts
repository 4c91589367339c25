import { SimulatedClock, type Skew } from "./simulated_clock.ts";
import type { Timeline } from "./timeline.ts";

/** A core with its driver, as a machine runs it. Times are of the machine's own clock. */
export interface Program {
  /** When `tick` wants to be called; Infinity for never. */
  readonly nextAtMs: number;
  tick(nowMs: number): void;
  /** A datagram came. */
  receive(from: string, packet: Uint8Array, nowMs: number): void;
  /** A request came over a reliable stream; gives the answer, undefined to refuse it. */
  answer?(from: string, request: Uint8Array, nowMs: number): Uint8Array | undefined;
}

/**
 * What a stall holds up. "process": everything, as when the kernel gives it no time or it collects garbage. "messages":
 * what comes in and goes out, while its timers run on time, as when an instrumented send and receive block (the
 * experiment of the Lifeguard paper).
 */
export type StallKind = "process" | "messages";

/** As many datagrams as a socket's buffer holds while nobody reads; more are lost. */
export const INBOX_MAX = 512;

/** A machine that runs one program, by a clock of its own; it may stall, crash and start again. */
export class SimulatedMachine {
  readonly clock: SimulatedClock;
  /** Datagrams that found the inbox full. */
  overflows = 0;
  #program: Program | undefined;
  #run = 0;
  #armedAt = Infinity;
  #stalledUntil = 0;
  #stallKind: StallKind = "process";
  #inbox: (() => void)[] = [];
  #inboxPackets = 0;
  #outbox: (() => void)[] = [];
  #isTicking = false;

  constructor(private readonly timeline: Timeline, readonly address: string, skew: Skew = {}) {
    this.clock = new SimulatedClock(timeline, skew);
  }

  get isUp(): boolean {
    return this.#program !== undefined;
  }

  /** Counts starts and crashes: whoever comes back later sees whether it is still the same run. */
  get run(): number {
    return this.#run;
  }

  get isStalled(): boolean {
    return this.timeline.now < this.#stalledUntil;
  }

  /** Starts a program, in place of the one that ran. */
  start(program: Program): void {
    this.crash();
    this.#program = program;
    this.arm();
  }

  /** The power is gone: nothing is said to anybody, and what waited is lost. */
  crash(): void {
    this.#run++;
    this.#program = undefined;
    this.#armedAt = Infinity;
    this.#stalledUntil = 0;
    this.#inbox = [];
    this.#inboxPackets = 0;
    this.#outbox = [];
  }

  /** From now on for so long it does not get to what it should do. */
  stall(durationMs: number, kind: StallKind = "process"): void {
    if (!this.isUp) return;
    this.#stalledUntil = Math.max(this.#stalledUntil, this.timeline.now + durationMs);
    this.#stallKind = kind;
    this.#later(this.#stalledUntil - this.timeline.now, () => this.#resume());
  }

  /** Does what sends something, now or when the stall is over. */
  send(act: () => void): void {
    if (this.isStalled) this.#outbox.push(act);
    else act();
  }

  /** Runs `act` with the machine's time now, later when it is stalled, and never when it crashes before. */
  handle(act: (program: Program, nowMs: number) => void): void {
    const program = this.#program;
    if (program === undefined) return;
    if (this.isStalled) {
      this.#inbox.push(() => this.#act(act));
      return;
    }
    this.#act(act);
  }

  /** A datagram comes. */
  deliver(from: string, packet: Uint8Array): void {
    if (!this.isUp) return;
    if (!this.isStalled) return this.#act((program, nowMs) => program.receive(from, packet, nowMs));
    if (this.#inboxPackets === INBOX_MAX) {
      this.overflows++;
      return;
    }
    this.#inboxPackets++;
    this.#inbox.push(() => this.#act((program, nowMs) => program.receive(from, packet, nowMs)));
  }

  /** Looks again when the program wants to run: after it was told something in another way than through the machine. */
  arm(): void {
    const program = this.#program;
    if (program === undefined || this.#isTicking || program.nextAtMs === Infinity) return;
    const at = this.timeline.now + this.clock.untilMs(program.nextAtMs);
    if (at >= this.#armedAt) return;
    this.#armedAt = at;
    this.#later(at - this.timeline.now, () => {
      if (this.#armedAt !== at) return;
      this.#armedAt = Infinity;
      this.#tick();
    });
  }

  #tick(): void {
    const program = this.#program!;
    if (this.isStalled && this.#stallKind === "process") return;
    this.#isTicking = true;
    const { nowMs } = this.clock;
    if (program.nextAtMs <= nowMs) program.tick(nowMs);
    this.#isTicking = false;
    this.arm();
  }

  /** An event loop that gets its processor back: timers first, then what has come. */
  #resume(): void {
    if (this.isStalled) return;
    const outbox = this.#outbox;
    this.#outbox = [];
    for (const act of outbox) act();
    this.#tick();
    const inbox = this.#inbox;
    this.#inbox = [];
    this.#inboxPackets = 0;
    for (const act of inbox) act();
  }

  #act(act: (program: Program, nowMs: number) => void): void {
    if (this.#program === undefined) return;
    act(this.#program, this.clock.nowMs);
    this.arm();
  }

  #later(delayMs: number, action: () => void): void {
    const run = this.#run;
    this.timeline.after(delayMs, () => run === this.#run && action());
  }
}
