import { CellError, SECOND, toCellError } from "../../base/mod.ts";

/** Of a large cluster so many nodes are asked; what is deployed on all others but sleeps is found by deploying it on more. */
export const ASKED_NODES_MAX = 32;
/** A name that nobody knew is not asked for again for so long. */
export const UNKNOWN_MS = 1 * SECOND;
/** Names that nobody knew, remembered at once. */
export const UNKNOWN_NAMES_MAX = 1000;

/** Names that are searched for at once: each search asks many nodes. */
export const SEARCHES_MAX = 256;
/** Of several nodes that have a service and cannot start it so many are tried, the quickest first. */
export const WAKES_MAX = 3;

/** What a search asks others. */
export interface SearchedNodes {
  /** Ids of nodes that live, in no order. */
  living(): string[];
  /** Whether a service is deployed on a node; bounded in time. Rejects with FAILED_PRECONDITION where it is stopped. */
  has(node: string, service: string): Promise<boolean>;
  /** Starts an instance of it there. */
  wake(node: string, service: string): Promise<boolean>;
  /** Resolves to true when an instance is in the catalog, to false after some time. */
  arrived(service: string): Promise<boolean>;
  /** Milliseconds that only grow. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
}

/**
 * Looks for names that the catalog does not have: services that are deployed somewhere and sleep. The others are asked
 * once for all that wait for the same name.
 */
export class NameSearch {
  readonly #running = new Map<string, Promise<boolean>>();
  /** Until when a name counts as unknown. */
  readonly #unknown = new Map<string, number>();

  constructor(private readonly nodes: SearchedNodes) {}

  /**
   * Whether an instance of the service is in the catalog now. Throws what keeps those that were found from starting it, and
   * RESOURCE_EXHAUSTED when too many names are searched for.
   */
  find(service: string): Promise<boolean> {
    const until = this.#unknown.get(service);
    if (until !== undefined && this.nodes.now() < until) return Promise.resolve(false);
    let search = this.#running.get(service);
    if (search === undefined) {
      if (this.#running.size >= SEARCHES_MAX) return Promise.reject(tooMany(service));
      search = this.#search(service).finally(() => this.#running.delete(service));
      this.#running.set(service, search);
    }
    return search;
  }

  async #search(service: string): Promise<boolean> {
    if (await this.#wakeSomewhere(service)) return await this.nodes.arrived(service);
    if (this.#unknown.size >= UNKNOWN_NAMES_MAX) this.#unknown.delete(this.#unknown.keys().next().value!);
    this.#unknown.delete(service);
    this.#unknown.set(service, this.nodes.now() + UNKNOWN_MS);
    return false;
  }

  /**
   * Whether somebody has started it. Throws what the first one said that could not, when nobody else can either; where nobody
   * could be asked to, that it is stopped.
   */
  async #wakeSomewhere(service: string): Promise<boolean> {
    const asked = new Map(this.#someNodes().map((node) => [node, this.#ask(node, service)]));
    let failure: unknown;
    for (let wakes = 0; wakes < WAKES_MAX; wakes++) {
      const node = await Promise.any(asked.values()).catch((none: AggregateError) => {
        failure ??= stoppedAmong(none);
        return undefined;
      });
      if (node === undefined) break;
      asked.delete(node);
      try {
        if (await this.nodes.wake(node, service)) return true;
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return false;
  }

  /** Resolves to the node if it has the service. */
  async #ask(node: string, service: string): Promise<string> {
    if (await this.nodes.has(node, service)) return node;
    throw new CellError("NOT_FOUND", `node ${node} has no ${service}`);
  }

  #someNodes(): string[] {
    const living = this.nodes.living();
    for (let index = 0; index < Math.min(ASKED_NODES_MAX, living.length - 1); index++) {
      const other = index + Math.floor(this.nodes.random() * (living.length - index));
      [living[index], living[other]] = [living[other]!, living[index]!];
    }
    return living.slice(0, ASKED_NODES_MAX);
  }
}

/** What a node said where the service is stopped. */
function stoppedAmong({ errors }: AggregateError): unknown {
  return errors.find((error) => toCellError(error).code === "FAILED_PRECONDITION");
}

function tooMany(service: string): CellError {
  const message = `looking for ${service}: ${SEARCHES_MAX} names are being looked for on other nodes already`;
  return new CellError("RESOURCE_EXHAUSTED", message, { retryable: true, data: { started: false } });
}
