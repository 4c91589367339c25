import { CellError } from "../../base/mod.ts";
import type { StoredIdentity } from "../../net/identity/mod.ts";
import type { CatalogInstance, ClusterStatus, Member, NetworkCondition } from "../client/mod.ts";
import type { NodeSettings } from "../home/mod.ts";
import { compareInstances } from "./catalog_instance.ts";
import type { Changes } from "./changes.ts";
import { type LocalFacts, localInstances, LocalLook } from "./local_instances.ts";
import type { LocalNode } from "./local_node.ts";
import type { Network } from "./network.ts";
import { ownAddresses } from "./own_addresses.ts";
import { Watchers } from "./watchers.ts";

/** What is shown of this node and the others. */
export interface OverviewOptions {
  readonly settings: NodeSettings;
  readonly version: string;
  readonly node: LocalNode;
  readonly changes: Changes;
  who(): Promise<StoredIdentity>;
  /** While it is on. */
  network(): Network | undefined;
  condition(): NetworkCondition;
}

/** This node among others, as callers see it: also while it is alone. */
export class Overview {
  readonly #look: LocalLook;
  readonly #watchers: Watchers;

  constructor(private readonly options: OverviewOptions) {
    const { node, changes } = options;
    this.#look = new LocalLook(node, changes.any);
    this.#watchers = new Watchers(changes, (service) => this.#instances(this.#look.recent(), service));
  }

  async status(): Promise<ClusterStatus> {
    const { node, authority } = await this.options.who();
    const { settings } = this.options;
    const network = this.options.network();
    const { state, problem } = this.options.condition();
    return {
      cluster: node.clusterId,
      nodeId: node.nodeId,
      node: network?.identity.name ?? settings.id,
      region: settings.region,
      zone: settings.zone,
      network: network !== undefined,
      state,
      problem,
      authority: authority !== undefined,
      addresses: network?.addresses ?? ownAddresses(settings.network),
      nodePort: network?.nodePort ?? null,
      gossipPort: network?.gossipPort ?? null,
      certificateExpiresAt: new Date(node.notAfterMs),
    };
  }

  async members(): Promise<Member[]> {
    const own = await this.#self(this.#look.now());
    const others = this.options.network()?.neighbours.members() ?? [];
    return [own, ...others].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
  }

  /** All that can be called, here and elsewhere; of one service when it is named. */
  instances(service: string | undefined): Promise<CatalogInstance[]> {
    return this.#instances(this.#look.now(), service);
  }

  /** Names of all services that run, here and elsewhere, sorted. */
  services(): string[] {
    const here = this.#look.now().holders.map(({ service }) => service);
    return [...new Set([...here, ...this.options.network()?.neighbours.services() ?? []])].sort();
  }

  /** See `Watchers.watch`. */
  watch(service: string | undefined, signal: AbortSignal): AsyncGenerator<CatalogInstance[], void, void> {
    return this.#watchers.watch(service, signal);
  }

  /** Throws NOT_FOUND when nobody has it. */
  async speciesSchema(species: string): Promise<string> {
    const network = this.options.network();
    const schema = await (network === undefined ? this.options.node.schemaOf(species) : network.schemas.find(species));
    if (schema !== undefined) return schema;
    throw new CellError("NOT_FOUND", `looking for the schema of species ${species.slice(0, 16)}: nobody here has it`, {
      data: { started: false },
    });
  }

  async #instances(facts: LocalFacts, service: string | undefined): Promise<CatalogInstance[]> {
    const self = await this.#self(facts);
    const network = this.options.network();
    const own = localInstances(self, facts, network, service);
    return [...own, ...network?.neighbours.instances(service) ?? []].sort(compareInstances);
  }

  async #self({ holders }: LocalFacts): Promise<Member> {
    const { node, authority } = await this.options.who();
    const { settings, version } = this.options;
    const network = this.options.network();
    return {
      name: network?.identity.name ?? settings.id,
      id: node.nodeId,
      address: network?.hints[0] ?? "",
      state: "alive",
      sinceMs: network?.onForMs ?? 0,
      region: settings.region,
      zone: settings.zone,
      version,
      instances: holders.length,
      isAuthority: authority !== undefined,
      isSelf: true,
    };
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
