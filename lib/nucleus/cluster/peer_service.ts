import { CellError } from "../../base/mod.ts";
import { shortId } from "../../net/identity/mod.ts";
import type { RemotePeer } from "../../net/mod.ts";
import { pipeToTcp } from "../../net/tls/mod.ts";
import { currentCall } from "../../rpc/mod.ts";
import { NUCLEUS } from "../../service/mod.ts";
import { tunnelLink } from "../client/mod.ts";
import type { LocalNode } from "./local_node.ts";
import type { PeerApi } from "./peer_schema.ts";
import type { Presences } from "./presences.ts";
import { Seats } from "./seats.ts";

/** Connections that are carried to instances of this node at once, and how many of them from one node. */
export const RELAYS_MAX = 256;
export const NODE_RELAYS_MAX = 128;
/** Connections of commands at other nodes at once, and how many of them at one node. */
export const AGENT_TUNNELS_MAX = 64;
export const NODE_TUNNELS_MAX = 16;

/** What other agents and callers of relays are answered from. */
export interface PeerServiceOptions {
  readonly node: LocalNode;
  readonly presences: Presences;
  /** Where instances of this node listen, as seen from here. */
  readonly instanceHost: string;
  exchange(request: Uint8Array, caller: string): Uint8Array;
  speciesSchema(species: string): Promise<string | undefined>;
  renew(request: Uint8Array, node: string): Promise<string>;
  /** Whether this node lets the agent of another node manage it. */
  isManager(node: string): boolean;
  /** As its certificate says; undefined of a node that is not known. */
  nameOf(node: string): string | undefined;
  /** Of this node's cluster: of whom its agent's connections are. */
  readonly cluster: string;
}

/**
 * Answers the agents of other nodes. Every method but `relay` is for agents alone: an instance has a certificate of the
 * cluster too, and runs code that the agent does not vouch for.
 */
export class PeerService implements PeerApi {
  readonly #relays = new Seats({ max: RELAYS_MAX, nodeMax: NODE_RELAYS_MAX });
  readonly #tunnels = new Seats({ max: AGENT_TUNNELS_MAX, nodeMax: NODE_TUNNELS_MAX });

  constructor(private readonly options: PeerServiceOptions) {}

  exchange(request: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(this.options.exchange(request, assertAgent("exchange")));
  }

  probe(): Promise<boolean> {
    assertAgent("probe");
    return Promise.resolve(true);
  }

  has(service: string): Promise<boolean> {
    assertAgent("has");
    return Promise.resolve(this.options.node.has(service));
  }

  wake(service: string): Promise<boolean> {
    assertAgent("wake");
    return this.options.node.wake(service);
  }

  async speciesSchema(species: string): Promise<string> {
    assertAgent("speciesSchema");
    return await this.options.speciesSchema(species) ?? "";
  }

  renew(request: Uint8Array): Promise<string> {
    return this.options.renew(request, assertAgent("renew"));
  }

  async *relay(instance: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    const port = this.options.presences.of(instance)?.tlsPort ?? 0;
    if (port === 0) {
      throw new CellError("NOT_FOUND", `relaying to ${instance.slice(0, 128)}: it does not listen on this node`, {
        data: { started: false },
      });
    }
    using _seat = this.#relays.take(currentCall()!.caller.node ?? "", `relaying to ${instance}`);
    yield* pipeToTcp(bytes, { host: this.options.instanceHost, port });
  }

  async *agent(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    const node = assertAgent("agent");
    const name = this.options.nameOf(node);
    if (!this.options.isManager(node)) throw refusal(node, name);
    using _seat = this.#tunnels.take(node, "reaching this agent");
    const peer: RemotePeer = {
      kind: "instance",
      cluster: this.options.cluster,
      node,
      nodeName: name ?? shortId(node),
      service: NUCLEUS,
      instance: NUCLEUS,
      address: "",
    };
    const outgoing = Promise.withResolvers<AsyncIterable<Uint8Array>>();
    const { link } = tunnelLink(async function* (sent) {
      outgoing.resolve(sent);
      yield* bytes;
    }, peer);
    try {
      this.options.node.acceptAgent(link);
      yield* await outgoing.promise;
    } finally {
      link.destroy();
    }
  }
}

function refusal(node: string, name: string | undefined): CellError {
  const id = shortId(node);
  const who = name === undefined ? id : `${name} (${id})`;
  return new CellError(
    "PERMISSION_DENIED",
    `looking into this node and managing it from node ${who}: it is not among the managers in the [network] of this ` +
      "node's node.toml. If that is wrong, add its name there, then cell restart nucleus.",
  );
}

/** The id of the calling node. Throws PERMISSION_DENIED unless its agent calls. */
function assertAgent(method: string): string {
  const { service, node } = currentCall()!.caller;
  if (service === NUCLEUS && node !== undefined) return node;
  throw new CellError(
    "PERMISSION_DENIED",
    `calling ${method} of a node's agent: only agents may, ${service ?? "a command"} is none`,
    {
      data: { started: false },
    },
  );
}
