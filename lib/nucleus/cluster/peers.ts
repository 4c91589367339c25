import { CellError, MS, SECOND } from "../../base/mod.ts";
import { EXCHANGE_TIMEOUT_MS, type StreamTarget } from "../../gossip/mod.ts";
import { shortId } from "../../net/identity/mod.ts";
import type { Link } from "../../net/mod.ts";
import { createClient, type RpcClient } from "../../rpc/mod.ts";
import { PEER_SCHEMA, type PeerApi } from "./peer_schema.ts";

/** Connections to other agents that are kept: beyond, of those without a call the one that was used longest ago is closed. */
export const PEER_CONNECTIONS_MAX = 64;
/** How long a node that is asked for its life has. */
const PROBE_MS_MAX = 5 * SECOND;
/** Who asks whether a name is known somewhere waits no longer. */
export const HAS_MS_MAX = 500 * MS;
const RENEW_MS_MAX = 10 * SECOND;
const SCHEMA_MS_MAX = 10 * SECOND;

/** Connects to the agent of a node. Throws UNAVAILABLE, UNAUTHENTICATED, CANCELLED by `signal`. */
export type DialAgent = (target: StreamTarget, signal: AbortSignal) => Promise<Link>;

/** A connection that exists, or is being made. */
interface Connection {
  readonly link: Promise<Link>;
  readonly client: Promise<RpcClient>;
  open: RpcClient | undefined;
  /** Where the node was, and which of its agents it was, when this was begun; undefined while nobody knew. */
  whereabouts: string | undefined;
}

/** This agent's connections to the others': made when one is needed, used for everything that the two say. */
export class Peers {
  /** By node id, or by address where that is not known; those used last at the end. */
  readonly #connections = new Map<string, Connection>();
  readonly #ending = new AbortController();

  /** `whereabouts` is another text whenever a node is somewhere else, or its agent has begun anew. */
  constructor(
    private readonly dial: DialAgent,
    private readonly whereabouts: (node: string) => string | undefined = () => undefined,
  ) {}

  /** The other agent's methods. Its connection is made by the first call. */
  of(target: StreamTarget): PeerCalls {
    return new PeerCalls(() => this.#client(target));
  }

  /** Ends the connection to a node that is gone, with everything that is under way on it: nobody would answer. */
  drop(node: string, why: CellError): void {
    const connection = this.#connections.get(node);
    this.#connections.delete(node);
    void connection?.link.then((open) => open.destroy(why), () => {});
  }

  /** Ends the connection to a node that is not where it led to any more. */
  dropMoved(node: string): void {
    const connection = this.#connections.get(node);
    if (connection === undefined) return;
    const now = this.whereabouts(node);
    if (connection.whereabouts !== undefined && connection.whereabouts !== now) this.drop(node, moved(node));
    else connection.whereabouts = now;
  }

  #dropAt(key: string): void {
    const connection = this.#connections.get(key);
    this.#connections.delete(key);
    void connection?.client.then((open) => open.close(), () => {});
  }

  /** Ends all connections, and gives up those that are being made. */
  async close(): Promise<void> {
    this.#ending.abort();
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.allSettled(connections.map(async ({ client }) => (await client).close()));
  }

  #client(target: StreamTarget): Promise<RpcClient> {
    if (this.#ending.signal.aborted) {
      return Promise.reject(new CellError("UNAVAILABLE", "the network of this node is being turned off"));
    }
    const key = keyOf(target);
    const connection = this.#connections.get(key) ?? this.#connect(key, target);
    this.#connections.delete(key);
    this.#connections.set(key, connection);
    if (this.#connections.size > PEER_CONNECTIONS_MAX) this.#makeRoom(connection);
    return connection.client;
  }

  #connect(key: string, target: StreamTarget): Connection {
    const link = this.dial(target, this.#ending.signal);
    const client = link.then((made) =>
      createClient(made, { schema: PEER_SCHEMA, service: `the agent of node ${key.slice(0, 8)}` })
    );
    const whereabouts = target.node === undefined ? undefined : this.whereabouts(target.node);
    const connection: Connection = { link, client, open: undefined, whereabouts };
    const forget = () => {
      if (this.#connections.get(key) === connection) this.#connections.delete(key);
    };
    client.then((open) => {
      connection.open = open;
      void open.closed.then(forget);
    }, forget);
    return connection;
  }

  /** Whoever holds a connection in the middle of something keeps it, even if there are more than the bound then. */
  #makeRoom(except: Connection): void {
    for (const [key, connection] of this.#connections) {
      if (connection === except || connection.open?.inFlight !== 0) continue;
      return this.#dropAt(key);
    }
  }
}

function moved(node: string): CellError {
  const message = `node ${shortId(node)} has changed its addresses, or its agent has begun anew`;
  return new CellError("UNAVAILABLE", message, { retryable: true });
}

function keyOf({ node, hosts, nodePort }: StreamTarget): string {
  return node ?? `${hosts[0]}:${nodePort}`;
}

/** How long a call may take. */
interface Bounds {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** `PeerApi` as calls over one connection. */
export class PeerCalls implements PeerApi {
  constructor(private readonly client: () => Promise<RpcClient>) {}

  exchange(request: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#ask("exchange", [request], { timeoutMs: EXCHANGE_TIMEOUT_MS, signal });
  }

  probe(signal?: AbortSignal): Promise<boolean> {
    return this.#ask("probe", [], { timeoutMs: PROBE_MS_MAX, signal });
  }

  has(service: string): Promise<boolean> {
    return this.#ask("has", [service], { timeoutMs: HAS_MS_MAX });
  }

  wake(service: string): Promise<boolean> {
    return this.#ask("wake", [service]);
  }

  speciesSchema(species: string): Promise<string> {
    return this.#ask("speciesSchema", [species], { timeoutMs: SCHEMA_MS_MAX });
  }

  renew(request: Uint8Array): Promise<string> {
    return this.#ask("renew", [request], { timeoutMs: RENEW_MS_MAX });
  }

  relay(instance: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    return this.#stream("relay", [instance, bytes]);
  }

  agent(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    return this.#stream("agent", [bytes]);
  }

  async #ask<T>(method: string, args: unknown[], { timeoutMs, signal }: Bounds = {}): Promise<T> {
    const client = await this.client();
    return await client.call(method, args, {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
    }) as T;
  }

  async *#stream(method: string, args: unknown[]): AsyncGenerator<Uint8Array, void, void> {
    const client = await this.client();
    yield* client.stream(method, args) as AsyncGenerator<Uint8Array, void, void>;
  }
}
