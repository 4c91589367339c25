import { CellError } from "../../lib/base/mod.ts";
import {
  type CatalogInstance,
  findMember,
  type Member,
  NUCLEUS,
  NUCLEUS_SCHEMA,
} from "../../lib/nucleus/client/mod.ts";
import { tunnelLink } from "../../lib/nucleus/client/tunnel_link.ts";
import { createServer, type RpcServer } from "../../lib/rpc/mod.ts";
import { claimName, type RunningService, serve } from "../../lib/service/mod.ts";
import { CommandMachine } from "../../test/harness/mod.ts";
import { type Asked, FakeAgent, SPECIES } from "./fake_agent.ts";

/** A node of a test: what of it matters. */
export type FakeNode = Partial<Pick<Member, "state" | "region" | "zone">>;

/**
 * A machine on which commands find an agent that this process plays, with other nodes behind it that it plays as well: what
 * commands ask and print can be tested without a network. While it exists this process has its $CELL_HOME.
 */
export class FakeCluster extends CommandMachine {
  readonly #homeBefore = process.env["CELL_HOME"];
  readonly #agents: FakeAgent[];
  readonly #servers = new Map<FakeAgent, RpcServer>();
  readonly #tunnels = new Set<PromiseWithResolvers<never>>();
  readonly asked: Asked[] = [];
  /** What is in the catalog beside what the agents run. */
  catalog: CatalogInstance[] = [];
  #service: RunningService | undefined;

  private constructor(nodes: { [name: string]: FakeNode }) {
    super();
    process.env["CELL_HOME"] = this.home;
    const members = Object.entries(nodes).map(([name, node], index) => memberOf(name, index, node));
    const world = { members: () => members, catalog: () => [...this.#agents.flatMap(catalogOf), ...this.catalog] };
    this.#agents = members.map((member) => new FakeAgent(member, world));
  }

  /** The first node is the one that commands run on. */
  static async start(nodes: { [name: string]: FakeNode }): Promise<FakeCluster> {
    const cluster = new FakeCluster(nodes);
    try {
      const onAsked = (asked: Asked): void => void cluster.asked.push(asked);
      for (const agent of cluster.#agents) {
        const handlers = agent.handlers(onAsked);
        cluster.#servers.set(agent, createServer({ schema: NUCLEUS_SCHEMA, instance: NUCLEUS, handlers }));
      }
      const own = cluster.#agents[0]!;
      own.answers.tunnel = cluster.#tunnel.bind(cluster) as never;
      cluster.#service = await serve(NUCLEUS_SCHEMA, own.handlers(onAsked), await claimName(NUCLEUS), () => {});
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The agent of a node. */
  agent(name: string): FakeAgent {
    const found = this.#agents.find(({ member }) => member.name === name);
    if (found === undefined) throw new Error(`there is no node ${name} in this test`);
    return found;
  }

  /** What was asked of `method`, of every node or of one. */
  askedOf(method: string, node?: string): Asked[] {
    return this.asked.filter((asked) => asked.method === method && (node === undefined || asked.node === node));
  }

  /** Ends all connections to other nodes as a network does that is not there any more. */
  breakTunnels(): void {
    for (const { reject } of this.#tunnels) reject(new CellError("UNAVAILABLE", "the cable was pulled"));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.drain(0);
    try {
      await super[Symbol.asyncDispose]();
    } finally {
      if (this.#homeBefore === undefined) delete process.env["CELL_HOME"];
      else process.env["CELL_HOME"] = this.#homeBefore;
    }
  }

  async *#tunnel(node: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    const { name, state, id, address } = findMember(this.#agents.map(({ member }) => member), node);
    if (state === "suspect") throw new CellError("UNAVAILABLE", `connecting to ${address}: nobody answers there`);
    const outgoing = Promise.withResolvers<AsyncIterable<Uint8Array>>();
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    this.#tunnels.add(broken);
    const { link } = tunnelLink(async function* (out) {
      outgoing.resolve(out);
      yield* bytes;
    }, {
      kind: "instance",
      cluster: "c".repeat(32),
      node: id,
      nodeName: name,
      service: "cell",
      instance: "1",
      address,
    });
    this.#servers.get(this.agent(name))!.accept(link);
    const sent = (await outgoing.promise)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await Promise.race([sent.next(), broken.promise]);
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      this.#tunnels.delete(broken);
      link.destroy();
    }
  }
}

function memberOf(name: string, index: number, node: FakeNode): Member {
  return {
    name,
    id: `${index + 1}`.repeat(8).padEnd(32, "0"),
    address: `192.0.2.${index + 1}:9043`,
    state: "alive",
    sinceMs: 125_000,
    region: "default",
    zone: "default",
    version: "0.5.0",
    instances: 0,
    isAuthority: index === 0,
    isSelf: false,
    ...node,
  };
}

function catalogOf(agent: FakeAgent): CatalogInstance[] {
  const { name, id, region, zone, address } = agent.member;
  return agent.instances().map(({ service, instance, release }) => ({
    service,
    instance,
    species: SPECIES,
    release,
    node: name,
    nodeId: id,
    region,
    zone,
    health: "up",
    load: 0.25,
    endpoints: [`quic:${address}`, `tls:${address}`],
  }));
}
