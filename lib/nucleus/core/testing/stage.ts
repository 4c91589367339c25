import type { Effect, ExitStatus, InstanceId } from "../effect.ts";
import type { CallCounts } from "../error_rate.ts";
import type { CoreOptions } from "../options.ts";
import type { ReleaseSpec, ServiceSpec } from "../spec.ts";
import { SupervisorCore } from "../supervisor_core.ts";
import type { LoadReport } from "../view.ts";

/** No scene needs more ticks, unless ticks lead to ticks for ever. */
const TICKS_MAX = 1_000;

const IDLE: LoadReport = { inFlight: 0, calls: 0, errors: 0, eventLoopLagMs: 0 };

/** An effect in one word or two: "spawn 1", "drain 2", "promote r2". */
function word(effect: Effect): string {
  if (effect.kind === "promote" || effect.kind === "abort") return `${effect.kind} r${effect.release}`;
  return effect.kind === "event" ? effect.message : `${effect.kind} ${effect.id.number}`;
}

export function active(number: number): ReleaseSpec {
  return { number, role: "active", parallel: false, observeMs: 0 };
}

export function candidate(number: number, options: Partial<ReleaseSpec> = {}): ReleaseSpec {
  return { number, role: "candidate", parallel: false, observeMs: 0, ...options };
}

/**
 * One service "hello" and a clock, to play single scenes. Methods return the effects as words, without the events. Pids are
 * the instance's number plus 100.
 */
export class Stage {
  now = 0;
  readonly events: string[] = [];
  readonly core: SupervisorCore;
  #spec = this.specOf("hello");

  constructor(options: Partial<CoreOptions> = {}) {
    this.core = new SupervisorCore(options, () => 0.5);
  }

  /** One instance of release 1, which may go when it is idle for a minute. */
  specOf(name: string): ServiceSpec {
    return { name, replicas: 1, minReplicas: 0, idleMs: 60_000, stopped: false, releases: [active(1)] };
  }

  spec(change: Partial<ServiceSpec>): string[] {
    this.#spec = { ...this.#spec, ...change };
    return this.did(this.core.setSpec(this.#spec, this.now));
  }

  spawned(...numbers: number[]): void {
    for (const number of numbers) this.did(this.core.onSpawned(this.id(number), 100 + number, this.now));
  }

  registered(number: number): string[] {
    return this.did(this.core.onRegistered(this.id(number), 100 + number, "species", this.now));
  }

  /** Processes exist and serve. */
  up(...numbers: number[]): string[] {
    this.spawned(...numbers);
    return numbers.flatMap((number) => this.registered(number));
  }

  beat(number: number, load: Partial<LoadReport> = {}): string[] {
    const effects = this.core.onHeartbeat(this.id(number), 100 + number, { ...IDLE, ...load }, this.now);
    return effects === "unknown" ? ["unknown"] : this.did(effects);
  }

  /** The answer to a ping. */
  pong(number: number, counts: CallCounts = { calls: 0, errors: 0 }): string[] {
    return this.did(this.core.onPingAnswered(this.id(number), counts, this.now));
  }

  exit(number: number, status: ExitStatus = { code: 1, signal: null }): string[] {
    return this.did(this.core.onExit(this.id(number), 100 + number, status, this.now));
  }

  demand(): string[] {
    return this.did(this.core.demand("hello", this.now));
  }

  restart(): string[] {
    return this.did(this.core.restart("hello", this.now));
  }

  /** Lets time pass, ticking whenever that is asked for. */
  wait(ms: number): string[] {
    const until = this.now + ms;
    const words: string[] = [];
    let ticks = 0;
    while (this.core.nextTickAt() <= until) {
      if (++ticks > TICKS_MAX) throw new Error("the core never comes to rest");
      this.now = Math.max(this.now, this.core.nextTickAt());
      words.push(...this.did(this.core.tick(this.now)));
    }
    this.now = until;
    return words;
  }

  /** What instances there are: "1 up", "2 down: exited with code 1". */
  get instances(): string[] {
    return this.core.instances().map(({ id, state, reason }) => {
      return `${id.number} ${state}${reason === undefined ? "" : `: ${reason}`}`;
    });
  }

  id(number: number): InstanceId {
    return { service: "hello", number };
  }

  /** Effects as words; events are kept apart. */
  did(effects: readonly Effect[]): string[] {
    this.events.push(...effects.filter(({ kind }) => kind === "event").map(word));
    return effects.filter(({ kind }) => kind !== "event").map(word);
  }
}
