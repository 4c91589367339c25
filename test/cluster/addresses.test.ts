import { expect, setDefaultTimeout, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { type ClusterNode, TestCluster } from "../harness/mod.ts";

setDefaultTimeout(120_000);

const hasSix = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
const HELLO = `export function greet(): string { return process.env["NODE_NAME"] ?? "?"; }\n`;

interface Found {
  instance: string;
  endpoints: string[];
}

/** What a node sees of a service, after another one has called it over the network. */
async function calledFrom(cluster: TestCluster): Promise<{ own: Found[]; other: Found[] }> {
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  await one.deploy("hello", HELLO, ["--env", "NODE_NAME=one"]);
  for (const transport of ["quic", "tls"]) {
    const { stdout } = await two.ok(["call", "hello", "greet"], { env: { CELL_TRANSPORT: transport } });
    expect(stdout).toContain("one");
  }
  const ask = (node: ClusterNode) => node.call<Found[]>("nucleus", "discover", "hello");
  return { own: await ask(one), other: await ask(two) };
}

test.skipIf(!hasSix)("nodes that listen at IPv6 addresses join, and call each other there", async () => {
  const network = ['host = "::"', 'addresses = ["::1"]'];
  await using cluster = await TestCluster.start({ one: { network }, two: { network } });
  const { own, other } = await calledFrom(cluster);
  for (const [{ endpoints }] of [own, other] as [Found][]) {
    expect(endpoints.filter((one) => /^(quic|tls):\[::1\]:\d+$/.test(one))).toHaveLength(2);
  }
});

test("a node that is reached by a name is, and its instances keep to their ports", async () => {
  const network = ['host = "127.0.0.1"', 'addresses = ["localhost"]', 'instance_ports = "26100-26139"'];
  await using cluster = await TestCluster.start({ one: { network }, two: {} });
  const { other } = await calledFrom(cluster);
  const ports = other[0]!.endpoints.filter((one) => !one.startsWith("relay:")).map((one) =>
    Number(one.split(":").at(-1))
  );
  expect(other[0]!.endpoints[0]).toStartWith("quic:localhost:");
  expect(ports.every((port) => port >= 26_100 && port <= 26_139)).toBe(true);
});
