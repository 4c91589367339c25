import type { Health } from "../../gossip/catalog/mod.ts";
import type { Link } from "../../net/mod.ts";

/** How an instance does. */
export interface Condition {
  readonly health: Health;
  /** From 0 (idle) to 1. */
  readonly load: number;
}

/** What other machines want of this node's agent, apart from what it says of the cluster. */
export interface LocalNode {
  /** Whether a service of this name is deployed here. Throws FAILED_PRECONDITION where it is stopped. */
  has(service: string): boolean;
  /** Whether a call of it starts one here: it is deployed, and does not fail to start. */
  startsHere(service: string): boolean;
  /** Starts an instance of a deployed service that sleeps; false when none of this name is deployed. Throws what keeps it from starting. */
  wake(service: string): Promise<boolean>;
  /** The schema of a species that runs or is deployed here, as JSON; undefined when there is none. */
  schemaOf(species: string): Promise<string | undefined>;
  /** By instance, of those that were deployed. */
  conditions(): ReadonlyMap<string, Condition>;
  /** Answers calls of the agent's own methods that come through `link` from the agent of another node. */
  acceptAgent(link: Link): void;
}
