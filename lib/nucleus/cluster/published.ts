import { CellError, toCellError } from "../../base/mod.ts";
import { LOAD_MAX } from "../../gossip/catalog/mod.ts";
import type { GossipNode } from "../../gossip/mod.ts";
import type { Advertisement } from "../client/mod.ts";
import { UNTOLD } from "./local_instances.ts";
import type { Condition, LocalNode } from "./local_node.ts";
import type { Presences } from "./presences.ts";

/** Keeps what others are told of this node's instances like what they are. */
export class Published {
  /** The service of each instance that others know of. */
  readonly #services = new Map<string, string>();
  /** Those that could not be told of, which the log has been told. */
  readonly #untold = new Set<string>();

  constructor(
    private readonly gossip: Pick<GossipNode, "publish" | "withdraw">,
    private readonly node: LocalNode,
    private readonly presences: Presences,
    private readonly log: (line: string) => void,
  ) {}

  /** An instance listens, or with undefined does no longer. Throws INVALID_ARGUMENT for what nobody can be told. */
  onPresence(instance: string, advertisement: Advertisement | undefined): void {
    if (advertisement !== undefined) return this.#announce(advertisement);
    this.#untold.delete(instance);
    const service = this.#services.get(instance);
    if (service === undefined) return;
    this.#services.delete(instance);
    this.gossip.withdraw(service, instance);
  }

  /** Tells how instances do now; the catalog holds back what has hardly changed. */
  refresh(): void {
    const conditions = this.node.conditions();
    for (const advertisement of this.presences.all()) {
      try {
        this.#publish(advertisement, conditions.get(advertisement.instance));
      } catch (error) {
        this.#tellOnce(advertisement.instance, error);
      }
    }
  }

  #announce(advertisement: Advertisement): void {
    try {
      this.#publish(advertisement, this.node.conditions().get(advertisement.instance));
    } catch (error) {
      if (error instanceof CellError && error.code === "INVALID_ARGUMENT") throw error;
      // There is no room now; `refresh` tries again.
      this.#tellOnce(advertisement.instance, error);
    }
  }

  #publish(
    { service, instance, species, release, quicPort, tlsPort, isRestricted }: Advertisement,
    { health, load }: Condition = UNTOLD,
  ): void {
    this.gossip.publish({
      service,
      instance,
      species,
      release: release ?? undefined,
      quicPort,
      tlsPort,
      load: Math.round(load * LOAD_MAX),
      health,
      access: isRestricted,
    });
    this.#services.set(instance, service);
    this.#untold.delete(instance);
  }

  #tellOnce(instance: string, error: unknown): void {
    if (this.#untold.has(instance)) return;
    this.#untold.add(instance);
    this.log(`error: offering ${instance} to others: ${toCellError(error).message}`);
  }
}
