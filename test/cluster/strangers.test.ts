import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { CellError, MINUTE } from "../../lib/base/mod.ts";
import {
  createAuthority,
  createCredentials,
  createInstanceKey,
  createKeyPair,
  createNodeRequest,
  createTrust,
  type Credentials,
  loadIdentity,
  NodeIdentity,
  readPem,
} from "../../lib/net/identity/mod.ts";
import type { Link } from "../../lib/net/mod.ts";
import { dialQuic } from "../../lib/net/quic/mod.ts";
import { dialTls } from "../../lib/net/tls/mod.ts";
import { createClient } from "../../lib/rpc/mod.ts";
import { type ClusterNode, TestCluster, until } from "../harness/mod.ts";

setDefaultTimeout(120_000);

/** Nobody here is away: whoever is let in is let in before, however busy the machine. */
const DIAL_MS_MAX = 30_000;
/** A connection that nobody uses is kept: it is somebody else who ends it. */
const UNUSED_MS_MAX = 5 * MINUTE;
const HELLO = "export const greet = (name: string) => `Hello, ${name}`;\n";

interface Place {
  readonly transport: "quic" | "tls";
  readonly host: string;
  readonly port: number;
}

/** Where an instance of hello, and the agent of its node, listen: as another node knows it. */
async function placesOf(observer: ClusterNode): Promise<Place[]> {
  const known = async () => (await observer.discover("hello"))[0];
  const { endpoints } = await until(known, "hello to be known");
  return endpoints.map((endpoint) => {
    const [transport = "", host = "", port] = endpoint.split(":");
    return { transport: transport === "quic" ? "quic" : "tls", host, port: Number(port) };
  });
}

/** Credentials as a node makes them for an instance. */
async function credentialsOf(node: NodeIdentity): Promise<Credentials> {
  const key = createInstanceKey();
  const issued = await node.issueInstance(
    { publicKey: key.publicKey, service: "hello", instance: "hello" },
    Date.now(),
  );
  return createCredentials(key, issued, node.authorityPem, Date.now());
}

/** The same with a certificate whose time is over. */
async function expiredOf(node: NodeIdentity): Promise<Credentials> {
  const credentials = await credentialsOf(node);
  const { publicKey } = credentials.key;
  const longAgo = Date.now() - 180 * MINUTE;
  const { chainPem } = await node.issueInstance({ publicKey, service: "hello", instance: "hello" }, longAgo);
  return { ...credentials, chainPem, certificate: new Uint8Array(readPem(chainPem, "CERTIFICATE")[0]!) };
}

/** What somebody who has read a node's disk has. */
function stolen(node: ClusterNode): NodeIdentity {
  return loadIdentity(join(node.home, "keys"))!.node;
}

function dial({ transport, host, port }: Place, credentials: Credentials): Promise<Link> {
  const trust = createTrust(credentials.authorityPem);
  const options = { host, port, credentials: () => credentials, trust, timeoutMs: DIAL_MS_MAX };
  return transport === "quic" ? dialQuic({ ...options, options: { unrefLingerMs: UNUSED_MS_MAX } }) : dialTls(options);
}

/** The error that keeps somebody out, wherever it comes. */
async function refusal(place: Place, credentials: Credentials): Promise<CellError> {
  try {
    const client = createClient(await dial(place, credentials));
    try {
      await client.hello();
    } finally {
      await client.close();
    }
  } catch (error) {
    return error as CellError;
  }
  throw new Error(`${place.transport} to ${place.port} let it in`);
}

test.concurrent("an instance and an agent let in who has a certificate of the cluster, and nobody else", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes;
  await two!.deploy("hello", HELLO);
  const places = await placesOf(one!);
  expect(places.map(({ transport }) => transport)).toEqual(["quic", "tls", "tls"]);
  const member = stolen(one!);

  for (const place of places) {
    const client = createClient(await dial(place, await credentialsOf(member)));
    expect((await client.hello()).service).toBeString();
    await client.close();
  }

  const authority = await createAuthority(Date.now());
  const key = createKeyPair();
  const { certificatePem } = await authority.issueNode(createNodeRequest(key, "node-1"), Date.now());
  const foreign = await credentialsOf(new NodeIdentity(key, certificatePem, authority.certificatePem));
  const expired = await expiredOf(member);
  for (const place of places) {
    expect((await refusal(place, foreign)).code).toBe("UNAUTHENTICATED");
    const late = await refusal(place, expired);
    expect(late.code).toBe("UNAUTHENTICATED");
    expect(late.message).toContain("expired");
  }

  const [, instance, agent] = places;
  const anonymous = { trust: member.trust, timeoutMs: DIAL_MS_MAX };
  const nameless = await dialTls({ ...instance!, ...anonymous }).catch((error: unknown) => error as CellError);
  expect(nameless).toMatchObject({ code: "UNAUTHENTICATED" });
  // The agent hears who has no certificate, and answers nothing but whether it may join.
  const stranger = createClient(await dialTls({ ...agent!, ...anonymous }));
  await expect(stranger.call("exchange", [new Uint8Array()])).rejects.toMatchObject({ code: "NOT_FOUND" });
  await stranger.close();
});

test.concurrent("an instance's certificate opens none of what agents say to each other but the relay", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes;
  await two!.deploy("hello", HELLO);
  const places = await placesOf(one!);
  const agent = createClient(await dial(places[2]!, await credentialsOf(stolen(one!))));
  for (
    const [method, args] of Object.entries({ exchange: [new Uint8Array()], wake: ["hello"], renew: [new Uint8Array()] })
  ) {
    await expect(agent.call(method, args)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  }
  const pipe = agent.stream("agent", [(async function* () {})()]);
  await expect(pipe.next()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  await agent.close();
});

test.concurrent("when a node is removed its connections end everywhere, and its certificates open nothing more", async () => {
  await using cluster = await TestCluster.start(3);
  const [one, two, three] = cluster.nodes;
  await two!.deploy("hello", HELLO);
  const places = await placesOf(one!);
  await placesOf(three!);
  const thief = stolen(three!);
  const credentials = await credentialsOf(thief);
  const clients = await Promise.all(places.map(async (place) => createClient(await dial(place, credentials))));
  for (const client of clients) await client.hello();

  await one!.call("nucleus", "removeMember", "node-3");
  const [overQuic] = await Promise.all(clients.map((client) => client.closed));
  expect(overQuic).toMatchObject({ code: "UNAUTHENTICATED", message: expect.stringContaining("was removed") });
  for (const place of places) {
    expect(await refusal(place, credentials)).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await refusal(place, await credentialsOf(thief))).toMatchObject({ code: "UNAUTHENTICATED" });
  }
  expect(await one!.call<string>("hello", "greet", "x")).toBe("Hello, x");
});
