import { Rollout, type Verdict } from "./rollout.ts";
import type { Slot } from "./slot.ts";
import type { Slots } from "./slots.ts";
import type { ReleaseSpec } from "./spec.ts";
import type { Turn } from "./turn.ts";
import type { Wanted } from "./wanted.ts";

/** A service's candidate among its other releases: who is compared, who is asked, and what is told to the driver. */
export class Trial {
  /** Of the candidate; stays until the driver has recorded how it ended. */
  rollout: Rollout | undefined;

  constructor(private readonly service: string, private readonly wanted: Wanted, private readonly slots: Slots) {}

  /** Begins with a candidate that is new, forgets one that is none any more. */
  setCandidate(candidate: ReleaseSpec | undefined): void {
    if (candidate?.number === this.rollout?.release.number) return;
    this.rollout = candidate === undefined ? undefined : new Rollout(candidate);
  }

  /** The release that has proved itself and takes the place of all others. */
  get successor(): number | undefined {
    return this.rollout?.phase === "promoted" && !this.rollout.release.parallel
      ? this.rollout.release.number
      : undefined;
  }

  isOf({ release }: Slot): boolean {
    return release === this.rollout?.release.number;
  }

  /** Whether a slot's first failure ends more than its process. */
  isTrying(slot: Slot): boolean {
    return this.isOf(slot) && this.rollout?.phase !== "promoted";
  }

  /** Whether a release has proved itself by something that runs. */
  hasProved({ number }: ReleaseSpec): boolean {
    const { rollout } = this;
    return rollout?.phase === "promoted" && rollout.release.number === number && this.slots.of(number).length > 0;
  }

  /** How many instances of a release there shall be: none of a candidate that was given up. */
  wantedOf(release: ReleaseSpec): number {
    const isAborted = release.role === "candidate" && this.rollout?.phase === "aborted";
    return isAborted ? 0 : this.wanted.of(release);
  }

  /** Goes on as far as what is known allows. */
  step(turn: Turn): void {
    const { rollout, wanted, slots } = this;
    if (rollout === undefined || rollout.isDecided || wanted.isOver) return;
    // A service that is stopped has nothing to prove: what it is to run when it is started is known.
    if (wanted.isNothing) return this.#tell(rollout, rollout.promote(), turn);
    const before = wanted.active.flatMap(({ number }) => slots.of(number));
    const fresh = slots.of(rollout.release.number);
    const count = this.wantedOf(rollout.release);
    if (fresh.length < count) return;
    const step = rollout.step({ fresh, before, wanted: count }, turn.now);
    if (step === undefined) return;
    if (step.kind !== "ask") return this.#tell(rollout, step, turn);
    for (const { id, isUp } of [...fresh, ...before]) if (isUp) turn.emit({ kind: "ping", id });
  }

  /** A candidate is given up with the first of its instances that fails. Says whether it is. */
  fail(slot: Slot, reason: string, turn: Turn): boolean {
    const { rollout } = this;
    if (rollout === undefined || rollout.isDecided || slot.isLeaving || !this.isOf(slot)) return false;
    this.#tell(rollout, rollout.abort(`${this.service}@${slot.id.number} ${reason}`), turn);
    return true;
  }

  #tell({ release }: Rollout, verdict: Verdict, turn: Turn): void {
    turn.emit({ ...verdict, service: this.service, release: release.number });
  }
}
