import { CellError, toCellError } from "../../base/mod.ts";
import {
  createTrust,
  fingerprintOf,
  type JoinToken,
  type KeyPair,
  parseToken,
  shortId,
} from "../../net/identity/mod.ts";
import { seekKeyOf } from "../../gossip/discovery/mod.ts";
import type { IssuedToken, NetworkCondition, TokenRequest } from "../client/mod.ts";
import { type NodeSettings, parseHostPort } from "../home/mod.ts";
import { Changes } from "./changes.ts";
import { ClusterFile } from "./cluster_file.ts";
import { doorsOf } from "./doors.ts";
import { askToJoin, type Doors, type JoinAttempt, type Joined } from "./join.ts";
import type { LocalNode } from "./local_node.ts";
import { Network } from "./network.ts";
import { networkCondition } from "./network_condition.ts";
import { Overview } from "./overview.ts";
import { OwnIdentity } from "./own_identity.ts";
import { Tokens } from "./tokens.ts";
import { Turns } from "./turns.ts";

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
  /** How nodes are reached that may let this one in. @default as the settings say */
  readonly doors?: Doors;
}

/**
 * This node among others: who it is, and its network while that is on. Whatever turns the network on or off comes one
 * after the other; nothing of it begins once the agent is ending.
 */
export class Cluster {
  readonly tokens: Tokens;
  readonly overview: Overview;
  /** Rung whenever something changes that callers follow: members, instances, the network. */
  readonly #changes = new Changes();
  readonly #file: ClusterFile;
  readonly #doors: Doors;
  readonly #identity: OwnIdentity;
  readonly #turns = new Turns();
  #network: Network | undefined;
  /** Whether it was looked at what there was before. */
  #hasBegun = false;
  #failure: string | undefined;

  constructor(private readonly options: ClusterOptions) {
    const { keys, log, settings, version, node } = options;
    this.#file = new ClusterFile(`${keys}/cluster.json`, log);
    this.#identity = new OwnIdentity(keys, settings.id);
    this.#doors = options.doors ?? doorsOf(settings.network);
    this.tokens = new Tokens(this.#file, seekKeyOf);
    this.overview = new Overview({
      settings,
      version,
      node,
      changes: this.#changes,
      who: () => this.#identity.get(),
      network: () => this.#network,
      condition: () => this.condition,
    });
  }

  /** What the others call this node while its network is on, what node.toml calls it else. */
  get name(): string {
    return this.#network?.identity.name ?? this.options.settings.id;
  }

  /** Whether the network is on, and if not why. */
  get condition(): NetworkCondition {
    return networkCondition({
      knownAs: this.#network?.identity.name,
      name: this.options.settings.id,
      skew: this.#network?.skew,
      failure: this.#failure,
      // A file that cannot be read is a failure; nothing is read here before it was tried.
      memory: this.#hasBegun && this.#failure === undefined ? this.#file.memory : undefined,
    });
  }

  /** The network while it is on. */
  get network(): Network | undefined {
    return this.#network;
  }

  /** Turns the network on if it was on before. What goes wrong is told and keeps the agent from nothing else. */
  async begin(): Promise<void> {
    try {
      await this.#turns.take(() => this.#resume());
      this.#failure = undefined;
    } catch (error) {
      if (this.#turns.closing.aborted) return;
      this.#failure = toCellError(error).message;
      this.options.log(`error: turning the network on: ${this.#failure}`);
      this.#tellOrLog(false);
    } finally {
      this.#hasBegun = true;
    }
  }

  /** Ends with the agent: the others are told, and it is on again after the next start. */
  end(): Promise<void> {
    return this.#turns.end(closing("the agent is going down"), () => this.#turnOff("goodbye"));
  }

  /** Ends because another program takes this one's place at once: nobody is told. `resume` takes that back. */
  pause(): Promise<void> {
    const why = "the agent is being replaced by its new binary; try again in a moment";
    return this.#turns.close(closing(why), () => this.#turnOff("silently"));
  }

  /** No other program took this one's place after `pause`. An agent that is ending does not begin again. */
  async resume(): Promise<void> {
    if (this.#turns.reopen()) await this.begin();
  }

  /** Resolves to the network when it is on; undefined when `signal` aborts before. */
  async whenOn(signal: AbortSignal): Promise<Network | undefined> {
    const { any } = this.#changes;
    while (!signal.aborted) {
      const seen = any.count;
      if (this.#network !== undefined) return this.#network;
      await any.after(seen, signal);
    }
    return undefined;
  }

  createToken(request: TokenRequest): Promise<IssuedToken> {
    return this.#turns.take(async () => {
      const { authority, node } = await this.#identity.get();
      if (authority === undefined) {
        throw new CellError(
          "FAILED_PRECONDITION",
          `making a token: this node joined cluster ${
            shortId(node.clusterId)
          } and does not hold its authority's key. ` +
            "Make tokens on the node where the cluster was made: cell members shows it with a +.",
        );
      }
      // A request that is refused opens no port.
      this.tokens.assertRoom(request);
      const network = await this.#turnOn();
      return this.tokens.create(request, { fingerprint: authority.fingerprint, addresses: network.hints });
    });
  }

  /** See `ClusterApi.join`. */
  join(text: string | undefined, address: string | undefined): Promise<void> {
    return this.#turns.take(async () => {
      if (text === undefined) await this.#comeBack();
      else await this.#joinWith(text, address);
    });
  }

  leave(): Promise<void> {
    return this.#turns.take(async () => {
      // First what lasts: a node that has said goodbye and comes back by itself has not left.
      const { network, departure } = this.#file.memory;
      this.#file.update({ network: false, departure: network ? "left" : departure });
      this.#failure = undefined;
      await this.#turnOff("goodbye");
      this.options.tell(false);
    });
  }

  /** Goes on where the last program, or a join that was interrupted, has ended. */
  async #resume(): Promise<void> {
    if (this.#file.isUnsettled) this.#file.settle((await this.#identity.get()).node.clusterId);
    if (this.#file.memory.network) await this.#turnOn();
    // Processes wait for an agent that has not said yet whether there is a network.
    else this.options.tell(false);
  }

  async #comeBack(): Promise<void> {
    if (this.#file.memory.gossipKeys === "") {
      throw new CellError(
        "FAILED_PRECONDITION",
        "joining without a token: there is no cluster that this node has left. Use cell join TOKEN.",
      );
    }
    await this.#turnOn();
  }

  async #joinWith(text: string, address: string | undefined): Promise<void> {
    const token = parseToken(text);
    if (address !== undefined && parseHostPort(address) === undefined) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `joining at ${
          JSON.stringify(address.slice(0, 64))
        }: expected HOST:PORT, such as 192.0.2.7:9043 or [2001:db8::7]:9043`,
      );
    }
    await this.#assertFree(token.fingerprint);
    const name = this.options.settings.id;
    const attempt = { token, address, name, signal: this.#turns.closing };
    await this.#become(await this.#letIn(attempt, await this.#keyFor(token)));
    try {
      await this.#turnOn();
    } catch (error) {
      const { code, message } = toCellError(error);
      this.#failure = message;
      const advice = "This node is a member now, and cell join (without a token) tries it again.";
      throw new CellError(code, `turning the network on after joining: ${message}. ${advice}`, { cause: error });
    }
  }

  /**
   * The key of a node that has left the cluster of a token: it comes back as who it was, instead of leaving another gone
   * member behind each time. Undefined for who was removed, who has another name now, and who never was there.
   */
  async #keyFor({ fingerprint }: JoinToken): Promise<KeyPair | undefined> {
    const { node, authority } = await this.#identity.get();
    const isSame = Buffer.compare(fingerprintOf(node.trust.authority.publicKey), fingerprint) === 0;
    const isKept = isSame && authority === undefined && node.name === this.options.settings.id &&
      this.#file.memory.departure === "left";
    return isKept ? node.key : undefined;
  }

  async #letIn(attempt: JoinAttempt, key: KeyPair | undefined): Promise<Joined> {
    if (key === undefined) return await askToJoin(attempt, this.#doors);
    try {
      return await askToJoin({ ...attempt, key }, this.#doors);
    } catch (error) {
      // It may have been removed without having heard of it: then its key is worth nothing any more.
      if (toCellError(error).code !== "PERMISSION_DENIED") throw error;
      return await askToJoin(attempt, this.#doors);
    }
  }

  /** Makes this node the member that the cluster has let in; what goes wrong leaves it what it was. */
  async #become({ identity, contacts, gossipKeys }: Joined): Promise<void> {
    const wasOn = this.#network !== undefined;
    const before = (await this.#identity.get()).node.clusterId;
    const { clusterId: cluster } = createTrust(identity.authorityPem);
    this.#file.prepare({ cluster, network: true, contacts, gossipKeys: Buffer.from(gossipKeys).toString("base64") });
    await this.#turnOff("goodbye");
    try {
      this.#identity.adopt(identity);
    } catch (error) {
      this.#file.settle(before);
      if (wasOn) await this.#turnOn();
      throw error;
    }
    this.#file.settle(cluster);
  }

  /** Throws FAILED_PRECONDITION when this node is a member of a cluster with others already. */
  async #assertFree(fingerprint: Uint8Array): Promise<void> {
    const { node } = await this.#identity.get();
    const isSame = Buffer.compare(fingerprintOf(node.trust.authority.publicKey), fingerprint) === 0;
    const others = this.#network?.neighbours.members().filter(({ state }) => state !== "left") ?? [];
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
    const { settings, version, node, log } = this.options;
    // Nobody knows a node that was never there for others: its name is what node.toml says now, not when keys were made.
    const isNew = this.#file.memory.nodePort === 0;
    const stored = await (isNew ? this.#identity.rename() : this.#identity.get());
    this.#file.settle(stored.node.clusterId);
    const network = await Network.start({
      stored,
      adopt: (identity) => this.#identity.adopt(identity),
      file: this.#file,
      tokens: this.tokens,
      changes: this.#changes,
      settings,
      version,
      node,
      onRemoved: (network) => void this.#onRemoved(network),
      log,
    });
    try {
      const { network: wasOn, departure } = this.#file.memory;
      if (!wasOn || departure !== "") this.#file.update({ network: true, departure: "" });
      this.options.tell(true);
    } catch (error) {
      await network.stop("silently");
      throw error;
    }
    this.#network = network;
    this.#failure = undefined;
    this.#changes.ring();
    const { warning } = this.condition;
    if (warning !== null) log(`warn: ${warning}`);
    return network;
  }

  /** The others want nothing of this node any more; what runs here goes on. */
  async #onRemoved(network: Network): Promise<void> {
    try {
      await this.#turns.take(async () => {
        // It may have joined another cluster before its turn came.
        if (this.#network !== network) return;
        await this.#turnOff("silently");
        this.#tellOrLog(false);
        this.#file.update({ network: false, departure: "removed", gossipKeys: "", contacts: [] });
        this.options.log(`warn: ${this.condition.problem}`);
      });
    } catch (error) {
      if (!this.#turns.closing.aborted) this.options.log(`error: ${toCellError(error).message}`);
    }
  }

  async #turnOff(how: "goodbye" | "silently"): Promise<void> {
    const network = this.#network;
    this.#network = undefined;
    await network?.stop(how);
    this.#changes.ring();
  }

  #tellOrLog(isOnline: boolean): void {
    try {
      this.options.tell(isOnline);
    } catch (error) {
      this.options.log(`error: telling this node's processes of its network: ${toCellError(error).message}`);
    }
  }
}

function closing(why: string): CellError {
  return new CellError("UNAVAILABLE", why, { retryable: true, data: { started: false } });
}
