/** How a service is to run, whichever release. */
export interface StoredSettings {
  readonly replicas: number;
  readonly minReplicas: number;
  readonly maxReplicas: number | undefined;
  readonly idleMs: number;
  /** Share of one core. */
  readonly cpuTarget: number | undefined;
  readonly stopped: boolean;
}

/** One service that is deployed. */
export interface StoredService extends StoredSettings {
  readonly name: string;
  readonly createdAt: Date;
  /** Active and candidate, by number. */
  readonly releases: readonly StoredRelease[];
  /** Why the candidate before was given up; undefined once another one is there. */
  readonly failure: string | undefined;
}

/** One version of a service's code. */
export interface StoredRelease {
  /** From 1; it only grows. */
  readonly number: number;
  /** The SHA-256 of the package. */
  readonly package: string;
  readonly species: string;
  /** Is given up with the release: a wrong one must not outlive it. */
  readonly env: { readonly [name: string]: string };
  /** A candidate becomes active when its instances have proved healthy. */
  readonly role: "active" | "candidate";
  /** Of a candidate: the active releases stay beside it. */
  readonly parallel: boolean;
  /** Of a candidate: how long both run side by side. */
  readonly observeMs: number;
  readonly createdAt: Date;
}

/** A service that is deployed for the first time. */
export interface NewService extends Omit<StoredSettings, "stopped"> {
  readonly name: string;
  /** @default false */
  readonly stopped?: boolean;
}

/** The code of a first release. */
export interface NewRelease {
  readonly package: string;
  readonly species: string;
  readonly env: { readonly [name: string]: string };
}

/** The code of a release that is to prove itself. */
export interface NewCandidate extends NewRelease {
  readonly parallel: boolean;
  readonly observeMs: number;
}
