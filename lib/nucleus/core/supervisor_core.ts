import type { Effect, ExitStatus, InstanceId } from "./effect.ts";
import type { CallCounts } from "./error_rate.ts";
import { type CoreOptions, validateOptions } from "./options.ts";
import { Service } from "./service.ts";
import { serviceView } from "./service_view.ts";
import type { Slot } from "./slot.ts";
import { slotView } from "./slot_view.ts";
import type { FoundInstance } from "./slots.ts";
import type { ServiceSpec } from "./spec.ts";
import { admit } from "./start_gate.ts";
import { Turn } from "./turn.ts";
import type { InstanceView, LoadReport, ServiceView } from "./view.ts";

/** An input that comes this much later than the time that was asked for: the agent was suspended, or its loop blocked. */
export const SUSPENDED_MS = 1000;
/** What others have said meanwhile has to be heard before anybody is judged by a deadline. */
const RESUME_GRACE_MS = 1000;

/**
 * Decides what runs. Every input says what has happened and when (`now`, monotonic milliseconds), and returns what is to
 * be done about it; `nextTickAt` says when to come back without an input. Nothing else goes in or out.
 *
 * At the agent's start: `adopt` for every process that was found, then `setSpec` for every service, then the first `tick`.
 */
export class SupervisorCore {
  readonly #options: CoreOptions;
  readonly #services = new Map<string, Service>();
  #isClosed = false;
  /** Of the last input. */
  #now = -Infinity;
  #nextTickAt = Infinity;

  /** Throws INVALID_ARGUMENT when an option is out of bounds. `random` returns numbers in [0, 1). */
  constructor(options: Partial<CoreOptions>, private readonly random: () => number) {
    this.#options = validateOptions(options);
  }

  /** What is wanted of a service from now on. */
  setSpec(spec: ServiceSpec, now: number): Effect[] {
    return this.#turn(now, (turn) => {
      const service = this.#create(spec.name);
      service.setSpec(spec);
      service.reconcile(turn);
    });
  }

  /** Nothing of a service is wanted any more. */
  removeService(name: string, now: number): Effect[] {
    return this.#turn(now, (turn) => {
      const service = this.#services.get(name);
      service?.setSpec(undefined);
      service?.reconcile(turn);
    });
  }

  /** How often the slots of a service were started again before this core began to count. */
  setRestarts(name: string, counts: ReadonlyMap<number, number>): void {
    this.#create(name).slots.setRestarts(counts);
  }

  /**
   * A live process was found that nobody here has started. It is asked whether it serves; until it answers, registers or
   * reports it is starting. One whose service has no spec by the next `tick` is drained.
   */
  adopt({ id, ...found }: FoundInstance & { readonly id: InstanceId }, now: number): Effect[] {
    return this.#turn(now, (turn) => {
      if (this.#create(id.service).adopt(id.number, found, turn)) return;
      turn.tell("warn", id, `pid ${found.pid} says that it is this instance, but another process is`);
    });
  }

  /** A `spawn` has led to a process. */
  onSpawned(id: InstanceId, pid: number, now: number): Effect[] {
    return this.#at(id, undefined, now, (service, slot, turn) => service.onSpawned(slot, pid, turn));
  }

  /** A `spawn` has led to nothing. */
  onSpawnFailed(id: InstanceId, reason: string, now: number): Effect[] {
    return this.#at(id, undefined, now, (service, slot, turn) => {
      service.onSpawnFailed(slot, reason, turn);
      service.reconcile(turn);
    });
  }

  /** A process says that it serves. One that is not known here has to be adopted first. */
  onRegistered(id: InstanceId, pid: number, species: string, now: number): Effect[] {
    return this.#at(id, pid, now, (service, slot, turn) => {
      slot.species = species;
      service.onServing(slot, species, turn);
    });
  }

  /** A process says how it is. "unknown": it shall register again. */
  onHeartbeat(id: InstanceId, pid: number, load: LoadReport, now: number): Effect[] | "unknown" {
    const slot = this.#slot(id);
    if (slot?.pid !== pid) return "unknown";
    return this.#at(id, pid, now, (service, slot, turn) => service.onHeartbeat(slot, load, turn));
  }

  /** A `ping` was answered, with what the process has answered since it started. */
  onPingAnswered(id: InstanceId, counts: CallCounts, now: number): Effect[] {
    return this.#at(id, undefined, now, (service, slot, turn) => service.onPingAnswered(slot, counts, turn));
  }

  /** A `ping` could not be delivered, or nobody answered it in time. */
  onPingFailed(id: InstanceId, now: number): Effect[] {
    return this.#at(id, undefined, now, (_service, slot) => slot.onPingFailed());
  }

  /** A process has ended, whatever the reason. Also the answer to a `kill` of one that was gone already. */
  onExit(id: InstanceId, pid: number, status: ExitStatus, now: number): Effect[] {
    return this.#at(id, pid, now, (service, slot, turn) => service.onExit(slot, status, turn));
  }

  /** Somebody waits for an instance of a service: `isUp`, or `failure` of its view, says how that ended. */
  demand(name: string, now: number): Effect[] {
    return this.#turn(now, (turn) => this.#services.get(name)?.demand(turn));
  }

  /** As many instances shall run as the spec says, whatever calls and idleness have made of that. */
  rescale(name: string, now: number): Effect[] {
    return this.#turn(now, (turn) => this.#services.get(name)?.rescale(turn));
  }

  /** Every process of a service shall be a fresh one. Also ends a crash loop. */
  restart(name: string, now: number): Effect[] {
    return this.#turn(now, (turn) => this.#services.get(name)?.restart(turn));
  }

  /** Everything goes, and nothing starts any more. */
  drainAll(now: number): Effect[] {
    return this.#turn(now, (turn) => {
      this.#isClosed = true;
      for (const service of this.#services.values()) {
        service.wanted.close();
        service.reconcile(turn);
      }
    });
  }

  /** Time has passed. */
  tick(now: number): Effect[] {
    return this.#turn(now, (turn) => {
      for (const service of this.#services.values()) service.tick(turn);
    });
  }

  /** When to call `tick`; Infinity when there is nothing to wait for. */
  nextTickAt(): number {
    return this.#nextTickAt;
  }

  /** Every slot, by service and number. */
  instances(): InstanceView[] {
    return [...this.#services.values()]
      .flatMap(({ slots }) => [...slots.values()])
      .toSorted((a, b) => compare(a.id.service, b.id.service) || a.id.number - b.id.number)
      .map(slotView);
  }

  /** How a service is; undefined when there is no such service. */
  service(name: string): ServiceView | undefined {
    const service = this.#services.get(name);
    return service === undefined ? undefined : serviceView(service);
  }

  /** Whether an instance of a service answers calls. */
  isUp(name: string): boolean {
    return this.#services.get(name)?.isUp === true;
  }

  /** Every input goes through here: time first, then what has happened, then whoever may start because of it. */
  #turn(now: number, body: (turn: Turn) => void): Effect[] {
    const turn = new Turn(Math.max(now, this.#now), this.#options, this.random);
    this.#postponeLost(turn.now);
    this.#now = turn.now;
    body(turn);
    this.#openGate(turn);
    this.#nextTickAt = Infinity;
    for (const [name, service] of this.#services) {
      if (service.isForgotten) this.#services.delete(name);
      else this.#nextTickAt = Math.min(this.#nextTickAt, service.nextTickAt(turn));
    }
    return turn.effects;
  }

  /** An input about one slot; without effect when that is gone, or has another process by now. */
  #at(
    id: InstanceId,
    pid: number | undefined,
    now: number,
    body: (service: Service, slot: Slot, turn: Turn) => void,
  ): Effect[] {
    return this.#turn(now, (turn) => {
      const service = this.#services.get(id.service);
      const slot = service?.slots.get(id.number);
      if (service === undefined || slot === undefined) return;
      if (pid === undefined || slot.pid === pid) body(service, slot, turn);
    });
  }

  /** Whoever was not listening cannot say that others were silent: the time since the last input is given to everybody. */
  #postponeLost(now: number): void {
    if (now - this.#nextTickAt < SUSPENDED_MS) return;
    const lostMs = now - this.#now + RESUME_GRACE_MS;
    for (const service of this.#services.values()) service.postpone(lostMs);
  }

  #openGate(turn: Turn): void {
    const services = [...this.#services.values()];
    const ready = services.flatMap((service) => {
      const isAwaited = service.isAwaited && !service.isUp;
      const isUrgent = isAwaited && ![...service.slots.values()].some(({ isStarting }) => isStarting);
      return service.ready(turn.now).map((slot) => ({ slot, isAwaited, isUrgent }));
    });
    if (ready.length === 0) return;
    const starting = services.flatMap(({ slots }) => [...slots.values()]).filter(({ isStarting }) => isStarting).length;
    for (const slot of admit(ready, starting, this.#options.startingMax)) {
      slot.spawn(turn.now);
      turn.emit({ kind: "spawn", id: slot.id, release: slot.release });
    }
  }

  #create(name: string): Service {
    const service = this.#services.get(name) ?? new Service(name);
    if (this.#isClosed) service.wanted.close();
    this.#services.set(name, service);
    return service;
  }

  #slot(id: InstanceId): Slot | undefined {
    return this.#services.get(id.service)?.slots.get(id.number);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
