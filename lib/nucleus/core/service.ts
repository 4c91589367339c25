import { SECOND } from "../../base/mod.ts";
import type { Effect, ExitStatus } from "./effect.ts";
import type { CallCounts } from "./error_rate.ts";
import { exitReason } from "./exit_reason.ts";
import { idleSurplus } from "./idle.ts";
import { plan } from "./replacement.ts";
import { Rollout, type Verdict } from "./rollout.ts";
import { serviceView } from "./service_view.ts";
import { Slot } from "./slot.ts";
import type { ReleaseSpec, ServiceSpec } from "./spec.ts";
import type { Turn } from "./turn.ts";
import { victims } from "./victims.ts";
import type { LoadReport, ServiceView } from "./view.ts";

/** A live process that was found. */
export interface FoundInstance {
  readonly release: number;
  /** Undefined until it has said it. */
  readonly species: string | undefined;
  readonly pid: number;
}

/**
 * One service: what is wanted of it, its slots, and how the one becomes the other. Slots say what happened to them; what
 * follows from it for the service is decided here, and `reconcile` is the only place that adds slots or gives them up.
 */
export class Service {
  spec: ServiceSpec | undefined;
  readonly slots = new Map<number, Slot>();
  rollout: Rollout | undefined;
  /** How many instances of each active release are wanted now: fewer than `replicas` when they had nothing to do. */
  target = 0;
  /** Somebody waits for an instance. */
  isAwaited = false;
  /** Why the last one that somebody waited for did not come up. */
  failure: string | undefined;
  /** The agent ends: nothing is wanted any more. */
  #isClosed = false;
  readonly #restartsBefore = new Map<number, number>();

  constructor(readonly name: string) {}

  get isUp(): boolean {
    return this.#all().some(({ isUp }) => isUp);
  }

  /** Nothing is left to look after. */
  get isForgotten(): boolean {
    return this.spec === undefined && this.slots.size === 0;
  }

  setSpec(spec: ServiceSpec | undefined): void {
    const before = this.spec;
    this.spec = spec;
    this.failure = undefined;
    if (spec === undefined) return;
    const isAnotherNumber = before?.replicas !== spec.replicas || (before.stopped && !spec.stopped);
    const hasPromoted = this.rollout?.phase === "promoted" && this.#active().some(this.#isOfRollout);
    if (isAnotherNumber) this.target = spec.replicas;
    // An idle service that got a new release keeps what was started to try it, until that has been idle too.
    const least = Math.max(this.#minimum(spec), hasPromoted && this.#of(this.rollout!.release).length > 0 ? 1 : 0);
    this.target = Math.max(this.target, least);
    const candidate = spec.releases.find(({ role }) => role === "candidate");
    if (candidate?.number === this.rollout?.release.number) return;
    this.rollout = candidate === undefined ? undefined : new Rollout(candidate);
  }

  setRestarts(counts: ReadonlyMap<number, number>): void {
    for (const [number, count] of counts) {
      const slot = this.slots.get(number);
      if (slot === undefined) this.#restartsBefore.set(number, count);
      else slot.restarts = count;
    }
  }

  /** Lets everything go, for good. */
  close(): void {
    this.#isClosed = true;
  }

  /** Takes over a process that somebody else started. Says whether there was room for it. */
  adopt(number: number, found: FoundInstance, turn: Turn): boolean {
    const present = this.slots.get(number);
    if (present?.pid === found.pid) return true;
    if (present?.pid !== undefined) return false;
    const slot = new Slot({ service: this.name, number }, found.release, turn.now);
    slot.restarts = present?.restarts ?? this.#restartsBefore.get(number) ?? 0;
    slot.adopt(found.pid, found.species ?? "", turn.now);
    this.slots.set(number, slot);
    turn.emit({ kind: "ping", id: slot.id });
    return true;
  }

  demand(turn: Turn): void {
    if (this.isUp || this.spec === undefined || this.spec.stopped || this.#isClosed) return;
    this.isAwaited = true;
    this.failure = undefined;
    this.target = Math.max(this.target, 1);
    this.reconcile(turn);
  }

  /** Forgets what calls and idleness have made of the number of instances. */
  rescale(turn: Turn): void {
    this.target = this.spec?.replicas ?? 0;
    this.reconcile(turn);
  }

  /** Replaces every process by a fresh one, and tries again where that had been given up. */
  restart(turn: Turn): void {
    this.failure = undefined;
    for (const slot of this.#all()) {
      if (slot.isLeaving) continue;
      if (slot.hasProcess) slot.isStale = true;
      else slot.revive(turn.now);
    }
    this.reconcile(turn);
  }

  onSpawned(slot: Slot, pid: number, turn: Turn): void {
    if (slot.phase !== "spawning") return;
    slot.begin(pid, turn.now);
    if (slot.isLeaving) this.#drain(slot, turn);
  }

  onSpawnFailed(slot: Slot, reason: string, turn: Turn): void {
    if (slot.phase !== "spawning") return;
    const text = `could not be started: ${reason}`;
    if (this.#isGivenUp(slot, text, turn)) return;
    slot.failSpawn(text, turn);
    this.#announceRetry(slot, turn);
    this.#disappoint(slot, text);
  }

  onServing(slot: Slot, species: string | undefined, turn: Turn): void {
    if (slot.phase !== "starting") return;
    const tookMs = Math.round(turn.now - slot.since);
    slot.serve(species, turn.now);
    this.isAwaited = false;
    this.failure = undefined;
    turn.tell("info", slot.id, slot.isAdopted ? `is up, found as pid ${slot.pid}` : `is up after ${tookMs} ms`);
    this.reconcile(turn);
  }

  onHeartbeat(slot: Slot, load: LoadReport, turn: Turn): void {
    const before = slot.reason;
    if (slot.phase === "starting") this.onServing(slot, undefined, turn);
    slot.onHeartbeat(load, turn);
    if (slot.reason !== undefined && before === undefined) turn.tell("warn", slot.id, slot.reason);
    if (this.rollout !== undefined) this.reconcile(turn);
    else this.#stopIdle(turn);
  }

  onExit(slot: Slot, status: ExitStatus, turn: Turn): void {
    const reason = slot.phase === "killing" ? slot.reason ?? exitReason(status) : this.#endReason(slot, status);
    if (!this.#isGivenUp(slot, reason, turn)) {
      slot.fail(reason, turn);
      this.#announceRetry(slot, turn);
      this.#disappoint(slot, reason);
    }
    this.reconcile(turn);
  }

  onPingAnswered(slot: Slot, counts: CallCounts, turn: Turn): void {
    slot.onPingAnswered(counts, turn.now);
    if (slot.isAdopted) this.onServing(slot, undefined, turn);
    if (this.rollout !== undefined) this.reconcile(turn);
  }

  /** Does what time alone asks for. */
  tick(turn: Turn): void {
    for (const slot of this.#all()) {
      if (turn.now >= slot.deadlineAt(turn.options)) this.#onDeadline(slot, turn);
    }
    this.reconcile(turn);
  }

  /** Slots that want a process now. Of releases whose successor has proved itself, nothing is started any more. */
  ready(now: number): Slot[] {
    const { rollout } = this;
    const successor = rollout?.phase === "promoted" && !rollout.release.parallel ? rollout.release.number : undefined;
    return this.#all().filter((slot) =>
      slot.phase === "waiting" && slot.startAt <= now && (successor === undefined || slot.release === successor)
    );
  }

  /** When to call `tick`. Slots whose time has come wait for the start gate, not for a time. */
  nextTickAt(turn: Turn): number {
    let nextAt = this.rollout?.nextAt() ?? Infinity;
    if (nextAt <= turn.now) nextAt = Infinity;
    if (this.spec === undefined && this.#all().some(({ isLeaving }) => !isLeaving)) return turn.now;
    for (const slot of this.slots.values()) {
      const deadlineAt = slot.deadlineAt(turn.options);
      if (slot.phase !== "waiting" || deadlineAt > turn.now) nextAt = Math.min(nextAt, deadlineAt);
    }
    return nextAt;
  }

  /** Leaves out a time in which nobody could listen. */
  postpone(lostMs: number): void {
    for (const slot of this.slots.values()) slot.postpone(lostMs);
    this.rollout?.postpone(lostMs);
  }

  view(): ServiceView {
    const wantedPerRelease = this.#isUnwanted() ? 0 : this.target;
    const { rollout } = this;
    const candidate = rollout === undefined || rollout.isDecided
      ? undefined
      : { slots: this.#of(rollout.release), wanted: this.#wanted(rollout.release) };
    return serviceView(this, this.#active().map((release) => this.#of(release)), wantedPerRelease, candidate);
  }

  /** Makes the slots what is wanted: judges the candidate, adds slots, gives up others. */
  reconcile(turn: Turn): void {
    this.#stepRollout(turn);
    for (const release of this.spec?.releases ?? []) {
      const { create, leave } = plan(this.#of(release), this.#wanted(release));
      for (let count = 0; count < create; count++) this.#add(release.number, turn.now);
      for (const slot of leave) this.#leave(slot, turn);
    }
    for (const slot of this.#retired()) this.#leave(slot, turn);
  }

  #stepRollout(turn: Turn): void {
    const { rollout } = this;
    if (rollout === undefined || rollout.isDecided || this.#isClosed || this.spec === undefined) return;
    if (this.spec.stopped) return this.#decide(rollout.promote(), turn);
    const before = this.#active().flatMap((release) => this.#of(release));
    const wanted = this.#wanted(rollout.release);
    const fresh = this.#of(rollout.release);
    if (fresh.length < wanted) return;
    const verdict = rollout.step({ fresh, before, wanted }, turn.now);
    if (verdict?.kind === "ask") return this.#ask([...fresh, ...before], turn);
    if (verdict !== undefined) this.#decide(verdict, turn);
  }

  #ask(slots: readonly Slot[], turn: Turn): void {
    for (const { id, isUp } of slots) if (isUp) turn.emit({ kind: "ping", id });
  }

  #decide(verdict: Verdict, turn: Turn): void {
    const release = this.rollout!.release.number;
    const effect: Effect = { ...verdict, service: this.name, release };
    turn.emit(effect);
  }

  /** How many instances of a release there shall be. */
  #wanted(release: ReleaseSpec): number {
    if (this.#isUnwanted()) return 0;
    if (release.role === "active") return this.target;
    return this.rollout?.phase === "aborted" ? 0 : Math.max(1, this.target);
  }

  /** Slots of releases that nobody wants any more, without those that still stand in for their successors. */
  #retired(): Slot[] {
    const retired = this.#all().filter((slot) => !slot.isLeaving && !this.#isKnown(slot.release));
    const successor = this.#active().at(-1);
    if (successor === undefined || this.#isUnwanted()) return retired;
    const successors = this.#of(successor);
    const areComing = successors.every((slot) => slot.isUp || slot.isPromising);
    const missing = this.target - successors.filter(({ isUp }) => isUp).length;
    const older = retired.filter((slot) => slot.isUp && slot.release < successor.number);
    const leaving = new Set(victims(older, older.length - (areComing ? Math.max(0, missing) : 0)));
    return retired.filter((slot) => !older.includes(slot) || leaving.has(slot));
  }

  /** Ends what has had nothing to do, except while the service is being changed. */
  #stopIdle(turn: Turn): void {
    const { spec } = this;
    if (spec === undefined || this.target <= this.#minimum(spec)) return;
    if (this.#all().some(({ isStale }) => isStale)) return;
    const surplus = idleSurplus(this.#active().map((release) => this.#of(release)), spec.idleMs);
    if (surplus === 0) return;
    this.target = Math.max(this.#minimum(spec), this.target - surplus);
    turn.tell("info", this.name, `idle: ${this.target} of ${spec.replicas} instances stay`);
    this.reconcile(turn);
  }

  #onDeadline(slot: Slot, turn: Turn): void {
    switch (slot.phase) {
      case "starting":
        if (!slot.hasMissedStart(turn.now)) return;
        return this.#kill(slot, `failed to start: not ready after ${turn.options.startTimeoutMs / SECOND} s`, turn);
      case "draining":
        return this.#kill(slot, `did not end within ${turn.options.drainTimeoutMs / SECOND} s`, turn);
      case "killing":
        return this.#kill(slot, slot.reason ?? "", turn);
      case "up":
        return this.#examine(slot, turn);
      case "crash-looping":
        return slot.retry(turn.now);
    }
  }

  #examine(slot: Slot, turn: Turn): void {
    const finding = slot.examine(turn);
    if (finding === "hung") return this.#kill(slot, "hung: no heartbeat and no answer to a ping", turn);
    if (finding !== "ping") return;
    turn.tell("warn", slot.id, `${slot.reason}: asking whether it lives`);
    turn.emit({ kind: "ping", id: slot.id });
  }

  #kill(slot: Slot, reason: string, turn: Turn): void {
    if (slot.phase !== "killing") turn.tell("error", slot.id, `${reason}; it is killed`);
    slot.kill(reason, turn.now);
    turn.emit({ kind: "kill", id: slot.id, reason });
    this.#abortFor(slot, reason, turn);
  }

  #drain(slot: Slot, turn: Turn): void {
    slot.drain(turn.now);
    turn.emit({ kind: "drain", id: slot.id });
  }

  /** Gives a slot up. */
  #leave(slot: Slot, turn: Turn): void {
    if (slot.isLeaving) return;
    slot.isLeaving = true;
    if (!slot.hasProcess) this.slots.delete(slot.id.number);
    else if (slot.phase === "starting" || slot.phase === "up") this.#drain(slot, turn);
  }

  /** After the end of a process: whether its slot ends with it. */
  #isGivenUp(slot: Slot, reason: string, turn: Turn): boolean {
    const isCandidate = this.rollout !== undefined && this.rollout.phase !== "promoted" && this.#isOfRollout(slot);
    if (!slot.isLeaving && !slot.isStale && !isCandidate) return false;
    this.slots.delete(slot.id.number);
    turn.tell("info", slot.id, `ended: ${reason}`);
    this.#abortFor(slot, reason, turn);
    return true;
  }

  #endReason(slot: Slot, status: ExitStatus): string {
    return slot.phase === "starting" ? `failed to start: ${exitReason(status)}` : exitReason(status);
  }

  /** A candidate is given up with the first of its instances that fails. */
  #abortFor(slot: Slot, reason: string, turn: Turn): void {
    const { rollout } = this;
    if (rollout === undefined || rollout.isDecided || slot.isLeaving || !this.#isOfRollout(slot)) return;
    this.#decide(rollout.abort(`${this.name}@${slot.id.number} ${reason}`), turn);
    this.#disappoint(slot, reason);
    this.reconcile(turn);
  }

  #announceRetry(slot: Slot, turn: Turn): void {
    if (slot.phase === "crash-looping") {
      return turn.tell("error", slot.id, `crash-looping, given up after ${slot.failures} failures: ${slot.reason}`);
    }
    const seconds = ((slot.startAt - turn.now) / SECOND).toFixed(1);
    turn.tell("warn", slot.id, `${slot.reason}; it is started again in ${seconds} s`);
  }

  /** Whoever waits for an instance learns why it does not come, unless another one has come. */
  #disappoint(slot: Slot, reason: string): void {
    if (!this.isAwaited || this.isUp) return;
    if (this.rollout !== undefined && this.#isOfRollout(slot) && this.#active().length > 0) return;
    this.isAwaited = false;
    this.failure = reason;
  }

  #add(release: number, now: number): void {
    let number = 1;
    while (this.slots.has(number)) number++;
    const slot = new Slot({ service: this.name, number }, release, now);
    slot.restarts = this.#restartsBefore.get(number) ?? 0;
    this.#restartsBefore.delete(number);
    this.slots.set(number, slot);
  }

  /** Stopped, removed, or the agent ends: nothing shall run, and no call changes that. */
  #isUnwanted(): boolean {
    return this.#isClosed || this.spec === undefined || this.spec.stopped;
  }

  #minimum({ minReplicas, replicas }: ServiceSpec): number {
    return Math.min(minReplicas, replicas);
  }

  #isKnown(release: number): boolean {
    return this.spec?.releases.some(({ number }) => number === release) === true;
  }

  readonly #isOfRollout = (entry: Slot | ReleaseSpec): boolean =>
    (entry instanceof Slot ? entry.release : entry.number) === this.rollout?.release.number;

  #active(): ReleaseSpec[] {
    return this.spec?.releases.filter(({ role }) => role === "active") ?? [];
  }

  /** Slots of a release that stay. */
  #of(release: ReleaseSpec): Slot[] {
    return this.#all().filter((slot) => slot.release === release.number && !slot.isLeaving);
  }

  #all(): Slot[] {
    return [...this.slots.values()];
  }
}
