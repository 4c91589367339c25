import { CellError, toCellError } from "../../base/mod.ts";
import {
  adoptIdentity,
  fingerprintOf,
  initIdentity,
  loadIdentity,
  parseToken,
  shortId,
  type StoredIdentity,
} from "../../net/identity/mod.ts";
import { seekKeyOf } from "../../gossip/discovery/mod.ts";
import type { CatalogInstance, ClusterStatus, IssuedToken, Member, TokenRequest } from "../client/mod.ts";
import type { NodeSettings } from "../home/mod.ts";
import { Bell } from "./bell.ts";
import { compareInstances } from "./catalog_instance.ts";
import { ClusterFile } from "./cluster_file.ts";
import { doorsOf } from "./doors.ts";
import { askToJoin } from "./join.ts";
import { localInstances } from "./local_instances.ts";
import type { LocalNode } from "./local_node.ts";
import { Network } from "./network.ts";
import { ownAddresses } from "./own_addresses.ts";
import { Tokens } from "./tokens.ts";

/** What makes a node a member of a cluster. */
export interface ClusterOptions {
  /** Where keys lie: `$CELL_HOME/keys`. */
  readonly keys: string;
  readonly settings: NodeSettings;
  /** Of this binary. */
  readonly version: string;
  readonly node: LocalNode;
  /** Lets the processes of this node know, without asking, whether there is a network. */
  readonly tell: (isOnline: boolean) => void;
  readonly log: (line: string) => void;
}

/**
 * This node among others: who it is, and its network while that is on. Whatever turns the network on or off comes one
 * after the other.
 */
export class Cluster {
  /** Rung whenever something changes that callers follow: members, instances, the network. */
  readonly changed = new Bell();
  readonly tokens: Tokens;
  readonly #file: ClusterFile;
  #identity: Promise<StoredIdentity> | undefined;
  #network: Network | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ClusterOptions) {
    this.#file = new ClusterFile(`${options.keys}/cluster.json`);
    this.tokens = new Tokens(this.#file, seekKeyOf);
  }

  /** The network while it is on. */
  get network(): Network | undefined {
    return this.#network;
  }

  /** Turns the network on if it was on before. What goes wrong is told and keeps the agent from nothing else. */
  async begin(): Promise<void> {
    try {
      if (this.#file.memory.network) await this.#inTurn(() => this.#turnOn());
      else this.options.tell(false);
    } catch (error) {
      this.options.log(`error: turning the network on: ${toCellError(error).message}`);
      this.options.tell(false);
    }
  }

  /** Ends with the agent: the others are told, and it is on again after the next start. */
  end(): Promise<void> {
    return this.#inTurn(() => this.#turnOff("goodbye"));
  }

  /** Ends because another program takes this one's place at once: nobody is told. */
  pause(): Promise<void> {
    return this.#inTurn(() => this.#turnOff("silently"));
  }

  /** Resolves to the network when it is on; undefined when `signal` aborts before. */
  async whenOn(signal: AbortSignal): Promise<Network | undefined> {
    while (!signal.aborted) {
      const seen = this.changed.count;
      if (this.#network !== undefined) return this.#network;
      await this.changed.after(seen, signal);
    }
    return undefined;
  }

  async status(): Promise<ClusterStatus> {
    const { node, authority } = await this.#who();
    const network = this.#network;
    return {
      cluster: node.clusterId,
      nodeId: node.nodeId,
      node: this.options.settings.id,
      network: network !== undefined,
      authority: authority !== undefined,
      addresses: network?.addresses ?? ownAddresses(this.options.settings.network),
      nodePort: network?.nodePort ?? null,
      gossipPort: network?.gossipPort ?? null,
      certificateExpiresAt: new Date(node.notAfterMs),
    };
  }

  async members(): Promise<Member[]> {
    const own = await this.#self();
    const others = this.#network?.members() ?? [];
    return [own, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** All that can be called, here and elsewhere. */
  async instances(service?: string): Promise<CatalogInstance[]> {
    const own = localInstances(await this.#self(), this.options.node, this.#network?.presences, service);
    return [...own, ...this.#network?.instances(service) ?? []].sort(compareInstances);
  }

  async speciesSchema(species: string): Promise<string> {
    const schema = await this.options.node.schemaOf(species) ?? await this.#network?.speciesSchema(species);
    if (schema !== undefined) return schema;
    throw new CellError("NOT_FOUND", `looking for the schema of species ${species.slice(0, 16)}: nobody here has it`, {
      data: { started: false },
    });
  }

  createToken(request: TokenRequest): Promise<IssuedToken> {
    return this.#inTurn(async () => {
      const { authority, node } = await this.#who();
      if (authority === undefined) {
        throw new CellError(
          "FAILED_PRECONDITION",
          `making a token: this node joined cluster ${
            shortId(node.clusterId)
          } and does not hold its authority's key. ` +
            "Make tokens on the node where the cluster was made: cell members shows it.",
        );
      }
      const network = await this.#turnOn();
      const issued = this.tokens.create(request, { fingerprint: authority.fingerprint, addresses: network.hints });
      return issued;
    });
  }

  /** See `ClusterApi.join`. */
  join(text: string | undefined, address: string | undefined): Promise<ClusterStatus> {
    return this.#inTurn(async () => {
      if (text === undefined) await this.#comeBack();
      else await this.#joinWith(text, address);
      return await this.status();
    });
  }

  leave(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#turnOff("goodbye");
      this.#file.update({ network: false });
      this.options.tell(false);
    });
  }

  async #comeBack(): Promise<void> {
    if (this.#file.memory.gossipKeys === "") {
      throw new CellError(
        "FAILED_PRECONDITION",
        "joining without a token: this node was in no cluster before. Use cell join TOKEN.",
      );
    }
    await this.#turnOn();
  }

  async #joinWith(text: string, address: string | undefined): Promise<void> {
    const token = parseToken(text);
    await this.#assertFree(token.fingerprint);
    const { id, network } = this.options.settings;
    const joined = await askToJoin({ token, address, name: id }, doorsOf(network));
    await this.#turnOff("goodbye");
    this.#identity = Promise.resolve(adoptIdentity(this.options.keys, joined.identity));
    this.#file.update({
      network: true,
      tokens: [],
      contacts: joined.contacts,
      gossipKeys: Buffer.from(joined.gossipKeys).toString("base64"),
      revocations: "",
    });
    await this.#turnOn();
  }

  /** Throws FAILED_PRECONDITION when this node is a member of a cluster with others already. */
  async #assertFree(fingerprint: Uint8Array): Promise<void> {
    const { node } = await this.#who();
    const isSame = Buffer.compare(fingerprintOf(node.trust.authority.publicKey), fingerprint) === 0;
    const others = this.#network?.members().filter(({ state }) => state !== "left") ?? [];
    if (this.#network === undefined || (!isSame && others.length === 0)) return;
    throw new CellError(
      "FAILED_PRECONDITION",
      isSame
        ? `joining cluster ${shortId(node.clusterId)}: this node is a member of it already. See cell members.`
        : `joining another cluster: this node is a member of cluster ${
          shortId(node.clusterId)
        }, with ${others.length} ` +
          `${others.length === 1 ? "other" : "others"}. Leave that first: cell leave.`,
    );
  }

  async #turnOn(): Promise<Network> {
    if (this.#network !== undefined) return this.#network;
    const { settings, version, node, log, keys } = this.options;
    const network = await Network.start({
      stored: await this.#who(),
      adopt: (identity) => {
        const stored = adoptIdentity(keys, identity);
        this.#identity = Promise.resolve(stored);
        return stored;
      },
      file: this.#file,
      tokens: this.tokens,
      changed: this.changed,
      settings,
      version,
      node,
      onRemoved: () => void this.#onRemoved(),
      log,
    });
    this.#network = network;
    this.options.tell(true);
    if (!this.#file.memory.network) this.#file.update({ network: true });
    this.changed.ring();
    return network;
  }

  /** The others want nothing of this node any more; what runs here goes on. */
  async #onRemoved(): Promise<void> {
    this.options.log(
      "this node was removed from its cluster: its network is off. Join again with a new token: cell join TOKEN",
    );
    await this.#inTurn(() => this.#turnOff("silently"));
    this.#file.update({ network: false, gossipKeys: "", contacts: [] });
    this.options.tell(false);
  }

  async #turnOff(how: "goodbye" | "silently"): Promise<void> {
    const network = this.#network;
    this.#network = undefined;
    await network?.stop(how);
    this.changed.ring();
  }

  /** Made at the first need: reading certificates is nothing, making them takes some 50 ms. */
  #who(): Promise<StoredIdentity> {
    return this.#identity ??= this.#findIdentity().catch((error: unknown) => {
      this.#identity = undefined;
      throw error;
    });
  }

  async #findIdentity(): Promise<StoredIdentity> {
    const { keys, settings } = this.options;
    return loadIdentity(keys) ?? await initIdentity(keys, settings.id, Date.now());
  }

  async #self(): Promise<Member> {
    const { node, authority } = await this.#who();
    const { settings, version } = this.options;
    const network = this.#network;
    return {
      name: settings.id,
      id: node.nodeId,
      address: network?.hints[0] ?? "",
      state: "alive",
      sinceMs: network?.onForMs ?? 0,
      region: settings.region,
      zone: settings.zone,
      version,
      instances:
        localInstances({ name: settings.id, id: node.nodeId, region: "", zone: "" }, this.options.node, undefined)
          .length,
      isAuthority: authority !== undefined,
      isSelf: true,
    };
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change, change);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
