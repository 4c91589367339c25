import { type Authority, createAuthority } from "../../../net/identity/mod.ts";
import { admit } from "../../../net/identity/testing/cluster.ts";
import { ServiceClient } from "../../service_client.ts";
import type { TransportChoice } from "../../transport.ts";
import { ClusterDirectory, NetworkDialer } from "../mod.ts";
import { FakeAgent, FakeCatalog, ownNode } from "./fake_agent.ts";

/** Nodes whose agents are a test's and whose certificates are real. They share the locks of one home. */
export class FakeCluster {
  readonly catalog = new FakeCatalog();

  private constructor(private readonly authority: Authority) {}

  static async create(): Promise<FakeCluster> {
    return new FakeCluster(await createAuthority(Date.now()));
  }

  async node(name: string, place: { region?: string; zone?: string } = {}): Promise<FakeAgent> {
    const identity = await admit(this.authority, name, Date.now());
    return new FakeAgent({ ...ownNode(name, place), id: identity.nodeId }, this.catalog, identity);
  }
}

/** A client on the node of `agent`, on which nothing runs. */
export function clientOn(agent: FakeAgent, service: string, transport: TransportChoice = "auto"): ServiceClient {
  const local = { ready: () => [], list: () => Promise.resolve([]), find: () => Promise.reject(new Error("not here")) };
  const isInsisting = transport === "quic" || transport === "tls";
  const directory = new ClusterDirectory({ local, agent, dialer: new NetworkDialer(agent), isInsisting });
  return new ServiceClient(service, directory, { transport });
}
