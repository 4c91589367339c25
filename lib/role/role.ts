import type { Schema } from "../schema/mod.ts";
import type { Claim } from "../service/mod.ts";

/** What a role gets from whoever hosts it. */
export interface RoleHost {
  /** The role's name, which this process holds now. */
  readonly claim: Claim;
  log(line: string): void;
  /** Ends the role, as a caller of it or a signal may ask for: `stop` is called, then its service drains. */
  end(): void;
}

/** A part that the node plays: one per home, callable as a service. */
export interface Role {
  /** The service that it is called as; of several processes with the same home one plays it. */
  readonly name: string;
  readonly schema: Schema;
  /**
   * Begins: nobody else plays this role now. Resolves to the objects whose methods answer the calls of `schema`. Throws
   * what keeps it from playing; then nothing of it may be left.
   */
  start(host: RoleHost): Promise<readonly object[]>;
  /** The service answers calls from now on. */
  serving(): void;
  /** Ends what was begun, within a bound of its own. Calls are answered meanwhile. */
  stop(): Promise<void>;
}
