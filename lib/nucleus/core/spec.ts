/** What is wanted of one service: what `state.db` says. */
export interface ServiceSpec {
  readonly name: string;
  /** How many instances of each active release `cell scale` asked for. */
  readonly replicas: number;
  /** Idle instances above this many stop; never more than `replicas`. */
  readonly minReplicas: number;
  /** How long an instance above the minimum may have nothing to do. */
  readonly idleMs: number;
  readonly stopped: boolean;
  /** By number, ascending. */
  readonly releases: readonly ReleaseSpec[];
}

/** One version of a service's code. */
export interface ReleaseSpec {
  readonly number: number;
  readonly role: "active" | "candidate";
  /** Of a candidate: the active releases stay when it becomes active. */
  readonly parallel: boolean;
  /** Of a candidate that replaces others: how long both run side by side before the old ones go. */
  readonly observeMs: number;
}
