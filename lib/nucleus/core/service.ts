import { dueOf, nextDeadlineAt } from "./deadlines.ts";
import type { ExitStatus } from "./effect.ts";
import type { CallCounts } from "./error_rate.ts";
import { endReason } from "./exit_reason.ts";
import { idleSurplus } from "./idle.ts";
import { retryNews } from "./news.ts";
import { plan, relieved } from "./replacement.ts";
import type { Slot } from "./slot.ts";
import { type FoundInstance, Slots } from "./slots.ts";
import type { ServiceSpec } from "./spec.ts";
import { Trial } from "./trial.ts";
import type { Turn } from "./turn.ts";
import type { LoadReport } from "./view.ts";
import { Wanted } from "./wanted.ts";

/**
 * One service: what is wanted of it, its slots, and how the one becomes the other. Slots say what happened to them; what
 * follows from it for the service is decided here, and `reconcile` is the only place that adds slots or gives them up.
 */
export class Service {
  readonly wanted = new Wanted();
  readonly slots: Slots;
  readonly trial: Trial;
  /** Somebody waits for an instance. */
  isAwaited = false;
  /** Why the last one that somebody waited for did not come up. */
  failure: string | undefined;

  constructor(readonly name: string) {
    this.slots = new Slots(name);
    this.trial = new Trial(name, this.wanted, this.slots);
  }

  get isUp(): boolean {
    return this.slots.all().some(({ isUp }) => isUp);
  }

  /** Nothing is left to look after. */
  get isForgotten(): boolean {
    return this.wanted.spec === undefined && this.slots.size === 0;
  }

  setSpec(spec: ServiceSpec | undefined): void {
    // An idle service that got a new release keeps what was started to try it, until that has been idle too.
    this.wanted.change(spec, (active) => active.some((release) => this.trial.hasProved(release)) ? 1 : 0);
    this.failure = undefined;
    if (spec !== undefined) this.trial.setCandidate(this.wanted.candidate);
  }

  /** Takes over a process that somebody else started. Says whether there was room for it. */
  adopt(number: number, found: FoundInstance, turn: Turn): boolean {
    const slot = this.slots.adopt(number, found, turn.now);
    if (typeof slot === "string") return slot === "known";
    turn.emit({ kind: "ping", id: slot.id });
    return true;
  }

  demand(turn: Turn): void {
    if (this.isUp || this.wanted.isNothing) return;
    this.isAwaited = true;
    this.failure = undefined;
    this.wanted.demand();
    this.reconcile(turn);
  }

  /** Forgets what calls and idleness have made of the number of instances. */
  rescale(turn: Turn): void {
    this.wanted.reset();
    this.reconcile(turn);
  }

  /** Replaces every process by a fresh one, and tries again where that had been given up. */
  restart(turn: Turn): void {
    this.failure = undefined;
    for (const slot of this.slots.all()) {
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
    this.#onFailed(slot, text, turn);
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
    if (this.trial.rollout !== undefined) this.reconcile(turn);
    else this.#stopIdle(turn);
  }

  onExit(slot: Slot, status: ExitStatus, turn: Turn): void {
    const reason = endReason(slot, status);
    if (!this.#isGivenUp(slot, reason, turn)) {
      slot.fail(reason, turn);
      this.#onFailed(slot, reason, turn);
    }
    this.reconcile(turn);
  }

  onPingAnswered(slot: Slot, counts: CallCounts, turn: Turn): void {
    slot.onPingAnswered(counts, turn.now);
    if (slot.isAdopted) this.onServing(slot, undefined, turn);
    if (this.trial.rollout !== undefined) this.reconcile(turn);
  }

  /** Does what time alone asks for. */
  tick(turn: Turn): void {
    for (const slot of this.slots.all()) this.#onTime(slot, turn);
    this.reconcile(turn);
  }

  /** Slots that want a process now. Of releases whose successor has proved itself, nothing is started any more. */
  ready(now: number): Slot[] {
    const { successor } = this.trial;
    return this.slots.all().filter((slot) =>
      slot.phase === "waiting" && slot.startAt <= now && (successor === undefined || slot.release === successor)
    );
  }

  /** When to call `tick`. */
  nextTickAt({ now, options }: Turn): number {
    if (this.wanted.spec === undefined && this.slots.all().some(({ isLeaving }) => !isLeaving)) return now;
    const stepAt = this.trial.rollout?.nextAt() ?? Infinity;
    return Math.min(stepAt > now ? stepAt : Infinity, nextDeadlineAt(this.slots.values(), now, options));
  }

  /** Leaves out a time in which nobody could listen. */
  postpone(lostMs: number): void {
    for (const slot of this.slots.values()) slot.postpone(lostMs);
    this.trial.rollout?.postpone(lostMs);
  }

  /** Makes the slots what is wanted: judges the candidate, adds slots, gives up others. */
  reconcile(turn: Turn): void {
    this.trial.step(turn);
    for (const release of this.wanted.spec?.releases ?? []) {
      const { create, leave } = plan(this.slots.of(release.number), this.trial.wantedOf(release));
      for (let count = 0; count < create; count++) this.slots.add(release.number, turn.now);
      for (const slot of leave) this.#leave(slot, turn);
    }
    for (const slot of this.#retired()) this.#leave(slot, turn);
  }

  /** Slots of releases that nobody wants any more, without those that still stand in for their successors. */
  #retired(): Slot[] {
    const { wanted, slots } = this;
    const retired = slots.all().filter((slot) => !slot.isLeaving && !wanted.isKnown(slot.release));
    const successor = wanted.active.at(-1)?.number;
    return successor === undefined || wanted.isNothing
      ? retired
      : relieved(retired, { number: successor, slots: slots.of(successor), target: wanted.target });
  }

  /** Ends what has had nothing to do, except while the service is being changed. */
  #stopIdle(turn: Turn): void {
    const { wanted, slots } = this;
    const { spec, active, minimum } = wanted;
    if (spec === undefined || wanted.target <= minimum || slots.all().some(({ isStale }) => isStale)) return;
    if (!wanted.reduce(idleSurplus(active.map(({ number }) => slots.of(number)), spec.idleMs))) return;
    turn.tell("info", this.name, `idle: ${wanted.target} of ${spec.replicas} instances stay`);
    this.reconcile(turn);
  }

  #onTime(slot: Slot, turn: Turn): void {
    const due = dueOf(slot, turn);
    switch (due.kind) {
      case "nothing":
        return;
      case "kill":
        return this.#kill(slot, due.reason, turn);
      case "retry":
        return slot.retry(turn.now);
      case "ping":
        turn.tell("warn", slot.id, `${slot.reason}: asking whether it lives`);
        return turn.emit({ kind: "ping", id: slot.id });
    }
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
    if (!slot.hasProcess) this.slots.remove(slot);
    else if (slot.phase === "starting" || slot.phase === "up") this.#drain(slot, turn);
  }

  /** After the end of a process: whether its slot ends with it. */
  #isGivenUp(slot: Slot, reason: string, turn: Turn): boolean {
    if (!slot.isLeaving && !slot.isStale && !this.trial.isTrying(slot)) return false;
    this.slots.remove(slot);
    turn.tell("info", slot.id, `ended: ${reason}`);
    this.#abortFor(slot, reason, turn);
    return true;
  }

  #abortFor(slot: Slot, reason: string, turn: Turn): void {
    if (!this.trial.fail(slot, reason, turn)) return;
    this.#disappoint(slot, reason);
    this.reconcile(turn);
  }

  #onFailed(slot: Slot, reason: string, turn: Turn): void {
    const { level, message } = retryNews(slot, turn.now);
    turn.tell(level, slot.id, message);
    this.#disappoint(slot, reason);
  }

  /** Whoever waits for an instance learns why it does not come, unless another one has come. */
  #disappoint(slot: Slot, reason: string): void {
    if (!this.isAwaited || this.isUp) return;
    if (this.trial.isOf(slot) && this.wanted.active.length > 0) return;
    this.isAwaited = false;
    this.failure = reason;
  }
}
