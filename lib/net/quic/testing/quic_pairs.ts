import { createTestCluster } from "../../tls/testing/test_cluster.ts";
import type { Link } from "../../mod.ts";
import { dialQuic, listenQuic } from "../mod.ts";

/** Two ends of one connection. */
interface Pair {
  server: Link;
  client: Link;
  dispose(): Promise<void>;
}

let credentials: ReturnType<typeof createPair> | undefined;

async function createPair() {
  const cluster = await createTestCluster();
  const [near, far] = [await cluster.node("near"), await cluster.node("far")];
  return {
    trust: cluster.trust,
    server: await far.instance("hello"),
    client: await near.instance("cell", "4711"),
  };
}

/** Makes two ends of a new connection; each has a listener of its own. */
export async function quicPairs(): Promise<Pair> {
  const { trust, server, client } = await (credentials ??= createPair());
  const accepted = Promise.withResolvers<Link>();
  const listener = await listenQuic({
    host: "127.0.0.1",
    port: 0,
    credentials: () => server,
    trust,
    onLink: accepted.resolve,
    onRefused: accepted.reject,
  });
  const link = await dialQuic({ host: "127.0.0.1", port: listener.port, credentials: () => client, trust });
  return { client: link, server: await accepted.promise, dispose: () => listener.close() };
}
