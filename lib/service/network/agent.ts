import { CellError, SECOND } from "../../base/mod.ts";
import { dialUnix, type Link } from "../../net/mod.ts";
import { createClient, outsideCalls, type RpcClient } from "../../rpc/mod.ts";
import { holderOf, isListening } from "../holders.ts";
import { ownService } from "../identity.ts";
import { NUCLEUS } from "../names.ts";
import { agentSchema } from "./agent_schema.ts";

/** An agent that does not answer within this time is treated like one that knows nothing. */
export const ANSWER_MS_MAX = 2 * SECOND;
/** The agent asks the other nodes for at most 500 ms, and whoever wakes a service for a caller waits until it runs. */
export const LOOKUP_MS_MAX = 60 * SECOND;

/** An instance somewhere in the cluster, as the agent knows it. */
export interface KnownInstance {
  readonly service: string;
  /** "hello@2", or "hello" of one that was not deployed. */
  readonly instance: string;
  readonly species: string;
  readonly release: number | null;
  /** The node's name. */
  readonly node: string;
  readonly nodeId: string;
  readonly region: string;
  readonly zone: string;
  /** Whether the node itself answers nobody, and may be dead. An agent of an older version does not say. */
  readonly isSilent?: boolean;
  /** "quic:HOST:PORT", "tls:HOST:PORT" or "relay:HOST:PORT", in the order in which they are tried. */
  readonly endpoints: readonly string[];
}

/** Where this machine is. */
export interface OwnNode {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly zone: string;
}

/** A node of the cluster, as the agent sees it. */
export interface KnownMember {
  readonly name: string;
  /** "alive", "suspect", "failed" or "left". */
  readonly state: string;
  readonly isSelf: boolean;
}

/** What the agent certifies, and for whom. */
export interface CertificationRequest {
  readonly service: string;
  readonly instance: string;
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** What the agent says of the process that asked. */
export interface Certification {
  readonly cluster: string;
  readonly nodeId: string;
  /** PEM: the process's certificate, then the node's. */
  readonly chain: string;
  /** PEM. */
  readonly authority: string;
  readonly expiresAt: Date;
  /** Ids of nodes that were removed. */
  readonly revoked: readonly string[];
  /** Where the process may listen: an address, and a range of ports; 0 to 0 for any. */
  readonly host: string;
  readonly portFirst: number;
  readonly portLast: number;
}

/** Where an instance listens to the network. */
export interface Offer {
  readonly service: string;
  readonly instance: string;
  readonly species: string;
  readonly release: number | null;
  /** 0: none. */
  readonly quicPort: number;
  /** 0: none. */
  readonly tlsPort: number;
  readonly isRestricted: boolean;
}

/** Whether an agent runs here, and whether it has a network; one that is starting has yet to say. */
export type AgentState = "absent" | "starting" | "offline" | "online";

/** What the agent says for as long as it is listened to. It is iterated over once. */
export interface AgentStream<T> extends AsyncIterable<T> {
  /** Listens no longer. Whoever waits for an item then may get an error. */
  close(): void;
}

/** What the network asks of the node agent. Every method but `state` throws UNAVAILABLE when there is none. */
export interface NodeAgent {
  /** Costs some microseconds: nobody is asked. */
  state(): AgentState;
  /** This machine. */
  self(): Promise<OwnNode>;
  /** Instances of a service on other nodes; the agent asks them where it knows of none. */
  lookup(service: string): Promise<KnownInstance[]>;
  /** Instances in the whole cluster, this node's included: of one service, else of all. */
  discover(service?: string): Promise<KnownInstance[]>;
  /** Names of all services that run in the cluster. */
  services(): Promise<string[]>;
  /** All nodes, this one included. */
  members(): Promise<KnownMember[]>;
  /** Throws NOT_FOUND. */
  speciesSchema(species: string): Promise<string>;
  /** What `discover` says, at once and whenever it changes. */
  watch(service: string): AgentStream<KnownInstance[]>;
  /** Who the process is, at once, and again before it expires and when a node was removed. */
  credentials(request: CertificationRequest): AgentStream<Certification>;
  /** The instance is known to others until the stream is closed. */
  advertise(offer: Offer): AgentStream<boolean>;
}

/** The agent of this home. Streams never keep the process alive, questions do until they are answered. */
export class LocalAgent implements NodeAgent {
  #client: RpcClient | undefined;
  #self: { readonly client: RpcClient; readonly node: Promise<OwnNode> } | undefined;

  state(): AgentState {
    const agent = agentHere();
    if (agent === undefined) return "absent";
    if (agent.isOnline === undefined) return "starting";
    return agent.isOnline ? "online" : "offline";
  }

  async self(): Promise<OwnNode> {
    const client = await this.#connected();
    if (this.#self?.client !== client) {
      const node = whoIsSelf(client);
      this.#self = { client, node };
      node.catch(() => this.#self = undefined);
    }
    return await this.#self!.node;
  }

  async lookup(service: string): Promise<KnownInstance[]> {
    return await this.#ask("lookup", [service], LOOKUP_MS_MAX) as KnownInstance[];
  }

  async discover(service?: string): Promise<KnownInstance[]> {
    return await this.#ask("discover", service === undefined ? [] : [service]) as KnownInstance[];
  }

  async services(): Promise<string[]> {
    return await this.#ask("services", []) as string[];
  }

  async members(): Promise<KnownMember[]> {
    return await this.#ask("members", []) as KnownMember[];
  }

  async speciesSchema(species: string): Promise<string> {
    return await this.#ask("speciesSchema", [species], LOOKUP_MS_MAX) as string;
  }

  watch(service: string): AgentStream<KnownInstance[]> {
    return new ConnectedStream("watch", service);
  }

  credentials(request: CertificationRequest): AgentStream<Certification> {
    return new ConnectedStream("credentials", request);
  }

  advertise(offer: Offer): AgentStream<boolean> {
    return new ConnectedStream("advertise", offer);
  }

  async #ask(method: string, args: unknown[], timeoutMs = ANSWER_MS_MAX): Promise<unknown> {
    const client = await this.#connected();
    // Several callers wait for one answer: it is part of none of their calls.
    return await outsideCalls(() => client.call(method, args, { timeoutMs }));
  }

  /** One connection for all questions. It lets the process end as soon as nothing is asked. */
  async #connected(): Promise<RpcClient> {
    if (this.#client === undefined || this.#client.draining) this.#client = await connect();
    return this.#client;
  }
}

async function whoIsSelf(client: RpcClient): Promise<OwnNode> {
  const answer = await outsideCalls(() => client.call("cluster", [], { timeoutMs: ANSWER_MS_MAX }));
  const { nodeId: id, node: name, region, zone } = answer as Omit<OwnNode, "id" | "name"> & {
    nodeId: string;
    node: string;
  };
  return { id, name, region, zone };
}

/** A stream on a connection of its own, which ends with it and does not keep the process alive. */
class ConnectedStream<T> implements AgentStream<T> {
  #client: RpcClient | undefined;
  #isClosed = false;

  constructor(private readonly method: string, private readonly argument: unknown) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    const client = this.#client = await connect(lettingGo);
    try {
      if (!this.#isClosed) yield* client.stream(this.method, [this.argument]) as AsyncGenerator<T, void, void>;
    } finally {
      await client.close();
    }
  }

  close(): void {
    this.#isClosed = true;
    void this.#client?.close();
  }
}

async function connect(prepare: (link: Link) => Link = (link) => link): Promise<RpcClient> {
  const agent = agentHere();
  if (agent === undefined) throw absent("the node agent does not run here: start it with cell up");
  const link = await dialUnix(agent.socket);
  const callerService = ownService();
  return createClient(prepare(link), {
    schema: agentSchema(),
    service: NUCLEUS,
    ...(callerService === undefined ? {} : { callerService }),
  });
}

/** A link that never keeps the process alive, whatever it carries. */
function lettingGo(link: Link): Link {
  link.unref();
  link.ref = () => {};
  return link;
}

function agentHere(): { socket: string; isOnline: boolean | undefined } | undefined {
  const holder = holderOf({ service: NUCLEUS, number: undefined });
  return holder !== undefined && isListening(holder) ? holder : undefined;
}

function absent(message: string): CellError {
  return new CellError("UNAVAILABLE", message, { data: { started: false } });
}
