import type { ReleaseSpec, ServiceSpec } from "./spec.ts";

/** What is wanted of one service now: what its spec asks for, less what had nothing to do. */
export class Wanted {
  spec: ServiceSpec | undefined;
  /** How many instances of each active release: fewer than `replicas` when they had nothing to do. */
  target = 0;
  #isClosed = false;

  /** Nothing is wanted any more, whatever the spec says. */
  close(): void {
    this.#isClosed = true;
  }

  /** Stopped, removed, or the agent ends: nothing shall run, and no call changes that. */
  get isNothing(): boolean {
    return this.isOver || this.spec?.stopped === true;
  }

  /** Removed, or the agent ends. */
  get isOver(): boolean {
    return this.#isClosed || this.spec === undefined;
  }

  get active(): readonly ReleaseSpec[] {
    return this.spec?.releases.filter(({ role }) => role === "active") ?? [];
  }

  get candidate(): ReleaseSpec | undefined {
    return this.spec?.releases.find(({ role }) => role === "candidate");
  }

  /** How many stay however idle they are. */
  get minimum(): number {
    return this.spec === undefined ? 0 : Math.min(this.spec.minReplicas, this.spec.replicas);
  }

  isKnown(release: number): boolean {
    return this.spec?.releases.some(({ number }) => number === release) === true;
  }

  /**
   * What calls and idleness have made of the number stays, unless another one is asked for.
   *
   * @param least so many at least
   */
  change(spec: ServiceSpec | undefined, least: (active: readonly ReleaseSpec[]) => number): void {
    const before = this.spec;
    this.spec = spec;
    if (spec === undefined) return;
    const isAnotherNumber = before?.replicas !== spec.replicas || (before.stopped && !spec.stopped);
    this.target = Math.max(isAnotherNumber ? spec.replicas : this.target, this.minimum, least(this.active));
  }

  /** Forgets what calls and idleness have made of the number. */
  reset(): void {
    this.target = this.spec?.replicas ?? 0;
  }

  /** Somebody waits for an instance. */
  demand(): void {
    this.target = Math.max(this.target, 1);
  }

  /** So many have nothing to do. Says whether fewer are wanted because of it. */
  reduce(surplus: number): boolean {
    const target = Math.max(this.minimum, this.target - surplus);
    const isLess = target < this.target;
    if (isLess) this.target = target;
    return isLess;
  }

  /** How many instances of a release there shall be. A candidate is tried also where nothing runs. */
  of(release: ReleaseSpec): number {
    if (this.isNothing) return 0;
    return release.role === "active" ? this.target : Math.max(1, this.target);
  }
}
