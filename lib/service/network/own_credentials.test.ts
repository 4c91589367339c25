import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../../test/harness/until.ts";
import { CellError } from "../../base/mod.ts";
import { holdCredentials } from "./held_credentials.ts";
import { OwnCredentials, type Standing } from "./own_credentials.ts";
import type { FakeAgent } from "./testing/fake_agent.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";

/** Each test makes certificates, on a machine that may be busy. */
setDefaultTimeout(120_000);

const WHO = { service: "hello", instance: "hello@2" };

async function agentOfOne(): Promise<FakeAgent> {
  return await (await FakeCluster.create()).node("one");
}

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

test("the process is certified as who it says it is, with a key that nobody else has", async () => {
  const agent = await agentOfOne();
  const [one, two] = [await OwnCredentials.begin(agent, WHO), await OwnCredentials.begin(agent, WHO)];
  const [first, second] = [await one.ready(), await two.ready()];
  const { clusterId: cluster, name: nodeName } = agent.identity!;
  expect(first.credentials.identity).toEqual({ ...WHO, cluster, node: agent.node.id, nodeName });
  expect(first.credentials.key.publicKey).not.toEqual(second.credentials.key.publicKey);
  expect(agent.asked).toEqual(["credentials hello@2", "credentials hello@2"]);
  for (const credentials of [one, two]) credentials.close();
  await until(() => agent.streams.size === 0, "the streams to be given back");
});

test("a renewed certificate takes the place of the old one, and trust stays the same object", async () => {
  const agent = await agentOfOne();
  const own = await OwnCredentials.begin(agent, WHO);
  const standings: Standing[] = [];
  const stop = own.listen({ onRenewed: (standing) => void standings.push(standing) });
  await own.ready();
  agent.renew();
  await until(() => standings.length === 2, "the renewed certificate");
  expect(own.standing).toBe(standings[1]!);
  expect(standings[1]!.credentials.certificate).not.toEqual(standings[0]!.credentials.certificate);
  expect(standings[1]!.trust).toBe(standings[0]!.trust);
  stop();
  agent.renew();
  await until(() => own.standing !== standings[1], "one more certificate");
  expect(standings.length).toBe(2);
  own.close();
});

test("a node that is removed is told of once, and trusted no longer", async () => {
  const agent = await agentOfOne();
  const own = await OwnCredentials.begin(agent, WHO);
  const told: string[][] = [];
  own.listen({ onRevoked: (nodes) => void told.push([...nodes]) });
  const { trust } = await own.ready();
  const node = "b".repeat(32);
  expect(trust.isRevoked(node)).toBe(false);
  agent.revoked.push(node);
  for (let round = 0; round < 2; round++) {
    const before = own.standing;
    agent.renew();
    await until(() => own.standing !== before, "the next certificate");
  }
  expect([told, trust.isRevoked(node)]).toEqual([[[node]], true]);
  own.close();
});

test("another cluster's authority brings another trust", async () => {
  const [agent, other] = [await agentOfOne(), await agentOfOne()];
  const own = await OwnCredentials.begin(agent, WHO);
  const before = await own.ready();
  const { credentials } = other;
  agent.credentials = (request) => credentials.call(other, request);
  for (const stream of [...agent.streams]) stream.fail();
  await until(() => own.standing !== before, "the other cluster's certificate");
  expect(own.standing!.trust).not.toBe(before.trust);
  expect(own.standing!.trust.clusterId).toBe(other.identity!.clusterId);
  own.close();
});

test("a certificate for another key, or of somebody else, is not taken", async () => {
  const agent = await agentOfOne();
  const genuine = agent.credentials.bind(agent);
  const foreign = await OwnCredentials.begin(agent, WHO);
  const { credentials: { key } } = await foreign.ready();
  agent.credentials = (request) => genuine({ ...request, publicKey: key.publicKey });
  const own = await OwnCredentials.begin(agent, WHO);
  const error = await rejection(own.ready());
  expect(error.message).toContain("it is not for this instance's key");
  expect(own.standing).toBeUndefined();
  for (const credentials of [own, foreign]) credentials.close();
});

test("what the agent has against the process is told at once, and taken back when it has nothing any more", async () => {
  const agent = await agentOfOne();
  const genuine = agent.credentials.bind(agent);
  agent.credentials = () => {
    throw new CellError("PERMISSION_DENIED", "process 7 does not serve hello@2");
  };
  const own = await OwnCredentials.begin(agent, WHO);
  expect(await rejection(own.ready())).toMatchObject({
    code: "PERMISSION_DENIED",
    message: "asking the node agent for a certificate of this process: process 7 does not serve hello@2",
    data: { started: false },
  });
  agent.credentials = genuine;
  await until(() => own.standing, "a certificate");
  await own.ready();
  own.close();
});

test("credentials are shared by all that hold them, and end with the last", async () => {
  const agent = await agentOfOne();
  const holds = [holdCredentials(agent, WHO), holdCredentials(agent, WHO)];
  const [one, two] = await Promise.all(holds.map(({ credentials }) => credentials));
  expect(one).toBe(two!);
  await one!.ready();
  holds[0]!.release();
  holds[0]!.release();
  expect(agent.streams.size).toBe(1);
  holds[1]!.release();
  await until(() => agent.streams.size === 0, "the stream to be given back");
  const again = holdCredentials(agent, WHO);
  expect(await again.credentials).not.toBe(one!);
  again.release();
});
