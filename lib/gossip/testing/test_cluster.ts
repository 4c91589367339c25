import {
  createAuthority,
  createKeyPair,
  createNodeRequest,
  NodeIdentity,
  RevocationSet,
} from "../../net/identity/mod.ts";
import type { Authority } from "../../net/identity/mod.ts";
import { type Change, LOCAL, type MembershipOptions } from "../core/mod.ts";
import { GossipNode } from "../gossip_node.ts";
import type { Clocks, ClusterMember, GossipOptions } from "../gossip_options.ts";
import type { StreamTarget } from "../stream_target.ts";
import { PatientClock } from "./patient_clock.ts";

/** LOCAL, made faster: nothing is lost on loopback. */
export const FAST: Partial<MembershipOptions> = {
  ...LOCAL,
  probeIntervalMs: 100,
  probeTimeoutMs: 40,
  gossipIntervalMs: 10,
  suspicionMultiplier: 2,
  suspicionMaxMultiplier: 2,
  pushPullIntervalMs: 500,
  reconnectIntervalMs: 300,
};

/** A node in this process, with all that it told its owner. */
export interface TestNode {
  readonly gossip: GossipNode;
  readonly identity: NodeIdentity;
  readonly revocations: RevocationSet;
  readonly nodePort: number;
  readonly lines: string[];
  readonly changes: { readonly change: Change; readonly member: ClusterMember }[];
  readonly revoked: string[];
  readonly services: string[];
  keys: Uint8Array;
  contacts: readonly string[];
  /** Its streams fail, as behind a firewall. */
  isCutOff: boolean;
}

/** Something that streams reach: what a node's agent would be. */
interface Agent {
  readonly id: string;
  isCutOff: boolean;
  answer(request: Uint8Array, caller: string): Uint8Array;
}

/** Nodes of one cluster in this process, with real UDP on loopback and a clock in common; streams are function calls. */
export class TestCluster {
  readonly nodes: TestNode[] = [];
  readonly #agents = new Map<number, Agent>();
  #clock: PatientClock | undefined;
  #lastPort = 1000;

  private constructor(readonly authority: Authority) {}

  static async create(nowMs = Date.now()): Promise<TestCluster> {
    return new TestCluster(await createAuthority(nowMs));
  }

  /** What all nodes go by, unless they are given others. */
  get clock(): PatientClock {
    return this.#clock ??= new PatientClock();
  }

  /** A new machine that the authority has certified. */
  async identity(name: string): Promise<NodeIdentity> {
    const key = createKeyPair();
    const { certificatePem } = await this.authority.issueNode(createNodeRequest(key, name), Date.now());
    return new NodeIdentity(key, certificatePem, this.authority.certificatePem);
  }

  /** Starts a node on 127.0.0.1, without multicast, unless `options` say otherwise. */
  async start(name: string, options: Partial<GossipOptions> = {}): Promise<TestNode> {
    const identity = options.identity ?? await this.identity(name);
    const revocations = options.revocations ?? new RevocationSet(this.authority.key.publicKey);
    const nodePort = ++this.#lastPort;
    const [lines, changes, revoked, services]: [string[], TestNode["changes"], string[], string[]] = [[], [], [], []];
    const told: { keys: Uint8Array; contacts: readonly string[] } = { keys: new Uint8Array(0), contacts: [] };
    const agent: Agent = {
      id: identity.nodeId,
      isCutOff: false,
      answer: (request, caller) => node.gossip.answerExchange(request, caller),
    };
    const gossip = await GossipNode.start({
      facts: {
        addresses: ["127.0.0.1"],
        nodePort,
        tlsPort: nodePort,
        region: "default",
        zone: "default",
        version: "0.0.0",
        startedAtMs: Date.now(),
        isAuthority: false,
      },
      streams: {
        exchange: async (target, request, signal) =>
          (await this.#dial(target, agent, signal)).answer(request, agent.id),
        probe: async (target, signal) => void await this.#dial(target, agent, signal),
      },
      events: {
        onMember: (change, member) => changes.push({ change, member }),
        onRevoked: (id) => revoked.push(id),
        onCatalog: (service) => services.push(service),
        onKeys: (keys) => told.keys = keys,
        onContacts: (contacts) => told.contacts = contacts,
        log: (line) => lines.push(line),
      },
      host: "127.0.0.1",
      port: 0,
      multicast: false,
      membership: FAST,
      keyRing: { adoptMs: 200 },
      clocks: this.clock,
      ...options,
      identity,
      revocations,
    });
    const node: TestNode = {
      gossip,
      identity,
      revocations,
      nodePort,
      lines,
      changes,
      revoked,
      services,
      get keys() {
        return told.keys;
      },
      get contacts() {
        return told.contacts;
      },
      get isCutOff() {
        return agent.isCutOff;
      },
      set isCutOff(isCutOff) {
        agent.isCutOff = isCutOff;
      },
    };
    this.#agents.set(nodePort, agent);
    this.nodes.push(node);
    return node;
  }

  /** A node that has joined: with keys, and knowing where `contact` gossips. */
  join(name: string, contact: TestNode, options: Partial<GossipOptions> = {}): Promise<TestNode> {
    return this.start(name, { keys: contact.gossip.keys(), remembered: contact.gossip.contacts(8), ...options });
  }

  /** The node is gone, without a word. */
  kill(node: TestNode): void {
    this.#agents.delete(node.nodePort);
    node.gossip.stop();
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  stop(): void {
    for (const node of [...this.nodes]) this.kill(node);
    this.#clock?.stop();
  }

  #dial({ node, nodePort }: StreamTarget, caller: Agent, signal: AbortSignal): Promise<Agent> {
    signal.throwIfAborted();
    const agent = this.#agents.get(nodePort);
    const isReached = agent !== undefined && !agent.isCutOff && !caller.isCutOff;
    if (!isReached || (node !== undefined && agent.id !== node)) throw new Error(`nobody answers at port ${nodePort}`);
    return Promise.resolve(agent);
  }
}

/** Names of the nodes that are alive to this one, sorted. */
export function livingOf({ gossip }: TestNode): string[] {
  return gossip.members().filter(({ state }) => state === "alive").map(({ record }) => record.name).sort();
}

/** The time of `clocks`, but with a clock on the wall that is off by `offMs`. */
export function clockOff({ wallMs, steadyMs }: Clocks, offMs: number): Clocks {
  return { wallMs: () => wallMs() + offMs, steadyMs };
}
