import { CellError, SECOND, toCellError } from "../../base/mod.ts";
import { assertServiceName } from "../../service/mod.ts";
import type { CatalogInstance } from "../client/mod.ts";
import type { Changes } from "./changes.ts";
import type { LocalNode } from "./local_node.ts";
import { NameSearch } from "./name_search.ts";
import type { Neighbours } from "./neighbours.ts";

/** How long an instance that was woken elsewhere may take to be in the catalog. */
const ARRIVAL_MS_MAX = 5 * SECOND;

/** What a lookup goes by. */
export interface LookupOptions {
  readonly neighbours: Pick<Neighbours, "instances" | "hasInstance" | "living" | "nameOf" | "agentOf">;
  readonly node: Pick<LocalNode, "startsHere">;
  readonly changes: Changes;
  /** Aborted when the network is turned off. */
  readonly ended: AbortSignal;
}

/** Finds instances of a service on other nodes for who wants to call one, and has one started that sleeps. */
export class Lookup {
  readonly #search: NameSearch;

  constructor(private readonly options: LookupOptions) {
    const { neighbours } = options;
    this.#search = new NameSearch({
      living: () => neighbours.living(),
      has: (node, service) => this.#has(node, service),
      wake: async (node, service) => await neighbours.agentOf(node).wake(service),
      arrived: (service) => this.#arrived(service),
      now: () => performance.now(),
      random: Math.random,
    });
  }

  /** See `ClusterApi.lookup`. Throws INVALID_ARGUMENT for what can be no service's name. */
  async find(service: string): Promise<CatalogInstance[]> {
    assertServiceName(service);
    const { neighbours, node } = this.options;
    const known = neighbours.instances(service);
    // What sleeps here is started here, by whoever asks: nobody else has to start it as well.
    if (known.length > 0 || node.startsHere(service)) return known;
    return await this.#search.find(service) ? neighbours.instances(service) : known;
  }

  /** A node that has gone meanwhile is one that does not answer. */
  async #has(node: string, service: string): Promise<boolean> {
    const { neighbours } = this.options;
    try {
      return await neighbours.agentOf(node).has(service);
    } catch (error) {
      if (toCellError(error).code !== "FAILED_PRECONDITION") throw error;
      throw stoppedThere(service, neighbours.nameOf(node) ?? node);
    }
  }

  async #arrived(service: string): Promise<boolean> {
    const { neighbours, changes, ended } = this.options;
    using followed = changes.follow(service);
    const { bell } = followed;
    const untilMs = performance.now() + ARRIVAL_MS_MAX;
    while (!ended.aborted) {
      const seen = bell.count;
      if (neighbours.hasInstance(service)) return true;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return false;
      await bell.after(seen, ended, leftMs);
    }
    return false;
  }
}

function stoppedThere(service: string, node: string): CellError {
  const advice = `cell restart ${service} --on ${node} starts it again`;
  return new CellError("FAILED_PRECONDITION", `${service} is stopped on node ${node}: ${advice}`, {
    data: { started: false },
  });
}
