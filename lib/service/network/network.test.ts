import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../../test/harness/until.ts";
import { CellError } from "../../base/mod.ts";
import { currentCall } from "../../rpc/mod.ts";
import { setOwnService } from "../identity.ts";
import type { RunningService } from "../serve.ts";
import { serveInstance, TestHome } from "../testing/mod.ts";
import { NetworkDialer } from "./mod.ts";
import { PIECE_BYTES_MAX } from "./relay.ts";
import type { FakeAgent } from "./testing/fake_agent.ts";
import { clientOn, FakeCluster } from "./testing/fake_cluster.ts";
import { relayOn } from "./testing/relay_agent.ts";

/** Nobody listens at this one (tcpmux), and nobody is given it. */
const CLOSED_PORT = 1;

/** Each test makes certificates and connections, on a machine that may be busy. */
setDefaultTimeout(120_000);
afterAll(() => setOwnService(undefined));

/** Serves `hello@NUMBER` on the node of `agent`, and waits until the others know it. */
async function serveOn(
  home: TestHome,
  agent: FakeAgent,
  { number = 1, name = "hello", allow = undefined as string[] | undefined } = {},
): Promise<RunningService> {
  const methods = {
    where: { fn: () => agent.node.name, method: { idempotent: true as const } },
    caller: () => currentCall()!.caller.service ?? "a command",
    node: () => currentCall()!.caller.node,
    echo: (text: string) => text,
  };
  const service = await serveInstance(home, { name, number }, methods, { agent, allow });
  await until(() => agent.catalog.of(name).some(({ nodeId }) => nodeId === agent.node.id), "the instance to be known");
  return service;
}

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

test("an instance of another node answers over whatever the caller insists on, and knows who calls from where", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  await serveOn(home, one);
  for (const transport of ["tls", "quic"] as const) {
    const client = clientOn(two, "hello", transport);
    expect(await client.call("where", [])).toBe("one");
    expect([await client.call("caller", []), await client.call("node", [])]).toEqual(["a command", two.node.id]);
    expect(client.transport()).toBe(transport);
    await client.close();
  }
  setOwnService("trader", "trader@3");
  const client = clientOn(two, "hello");
  expect(await client.call("caller", [])).toBe("trader");
  await client.close();
  setOwnService(undefined);
  await until(() => two.streams.size === 0, "the credentials to be given back");
});

test("an instance of this very node is reached over the network by who insists", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const one = await cluster.node("one");
  await serveOn(home, one);
  const client = clientOn(one, "hello", "tls");
  expect(await client.call("node", [])).toBe(one.node.id);
  await client.close();
});

test("a process has one key for all of its clients while any of them is open", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  await serveOn(home, one);
  const clients = [clientOn(two, "hello", "tls"), clientOn(two, "hello", "tls")];
  for (const client of clients) await client.call("where", []);
  expect(two.asked.filter((question) => question.startsWith("credentials"))).toEqual([`credentials ${process.pid}`]);
  await clients[0]!.close();
  expect(two.streams.size).toBe(1);
  await clients[1]!.close();
  await until(() => two.streams.size === 0, "the credentials to be given back");
});

test("an access list is enforced by the caller's certificate", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  await serveOn(home, one, { allow: ["trader", "ops-*"] });
  const asService = async <T>(service: string | undefined, use: () => Promise<T>): Promise<T> => {
    setOwnService(service, service === undefined ? undefined : `${service}@1`);
    try {
      return await use();
    } finally {
      setOwnService(undefined);
    }
  };
  for (const service of ["trader", "ops-night"]) {
    await asService(service, async () => {
      const client = clientOn(two, "hello", "tls");
      expect(await client.call("where", [])).toBe("one");
      await client.close();
    });
  }
  for (
    const [service, shown] of [["clerk", "clerk (clerk@1 of node"], [
      undefined,
      "commands at a shell and scripts (cell)",
    ]] as const
  ) {
    await asService(service, async () => {
      const client = clientOn(two, "hello", "tls");
      const error = await rejection(client.call("where", []));
      expect(error.code).toBe("PERMISSION_DENIED");
      expect(error.message).toContain(shown);
      expect(error.message).toContain("[cell.access] allow in the cell.toml of hello");
      // Not even what it offers.
      expect((await rejection(client.stats())).code).toBe("PERMISSION_DENIED");
      await client.close();
    });
  }
});

test("the nearest instance answers; when it dies or drains the next one does, and no call fails", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const caller = await cluster.node("caller");
  const [near, far] = [await cluster.node("near"), await cluster.node("far", { region: "moon" })];
  const first = await serveOn(home, near, { number: 1 });
  await serveOn(home, far, { number: 2 });
  const client = clientOn(caller, "hello", "tls");
  // One that takes half a second to connect to is not waited for alone. Once it is connected to, it gets all the calls.
  await until(async () => await client.call("where", []) === "near", "the near instance to be used");
  for (let n = 0; n < 20; n++) expect(await client.call("where", [])).toBe("near");
  const answers = new Set<unknown>();
  let isDrained = false;
  const drained = first.drain().then(() => isDrained = true);
  while (!isDrained) answers.add(await client.call("where", []));
  await drained;
  expect(await client.call("where", [])).toBe("far");
  expect([...answers].every((answer) => answer === "near" || answer === "far")).toBe(true);
  await serveOn(home, near, { number: 1 });
  await until(async () => await client.call("where", []) === "near", "the near instance to be used again");
  await client.close();
});

test("an instance is withdrawn before it drains, and its calls finish", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  const gate = Promise.withResolvers<string>();
  const service = await serveInstance(home, { name: "slow", number: 1 }, { wait: () => gate.promise }, { agent: one });
  await until(() => cluster.catalog.of("slow").length === 1, "the instance to be known");
  const client = clientOn(two, "slow", "tls");
  const answer = client.call("wait", []);
  await until(() => service.inFlight === 1, "the call to arrive");
  const drained = service.drain();
  await until(() => cluster.catalog.of("slow").length === 0, "the instance to be withdrawn");
  gate.resolve("done");
  expect(await answer).toBe("done");
  await drained;
  await until(() => one.streams.size === 0, "the streams to be given back");
  await client.close();
});

test("connections live on when the agent dies, and the instance is announced again when it is back", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  await serveOn(home, one);
  const client = clientOn(two, "hello", "tls");
  expect(await client.call("where", [])).toBe("one");
  const before = cluster.catalog.of("hello")[0]!;
  for (const agent of [one, two]) agent.die();
  await until(() => cluster.catalog.of("hello").length === 0, "the entry to go with the agent");
  for (let n = 0; n < 20; n++) expect(await client.call("where", [])).toBe("one");
  for (const agent of [one, two]) agent.current = "online";
  await until(() => cluster.catalog.of("hello").length === 1, "the instance to be announced again");
  expect(cluster.catalog.of("hello")[0]).toEqual(before);
  expect(await client.call("where", [])).toBe("one");
  await client.close();
});

test("new certificates are used for new connections, and those that exist are kept", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  const service = await serveOn(home, one);
  const client = clientOn(two, "hello", "tls");
  await client.call("where", []);
  for (const agent of [one, two]) agent.renew();
  await client.call("where", []);
  expect(service.stats().connections).toBe(1);
  const other = clientOn(two, "hello", "tls");
  expect(await other.call("where", [])).toBe("one");
  expect(service.stats().connections).toBe(2);
  await Promise.all([client.close(), other.close()]);
});

test("the connections of a node that is removed end at once, on both sides", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  for (const transport of ["tls", "quic"] as const) {
    const service = await serveOn(home, one);
    const client = clientOn(two, "hello", transport);
    await client.call("where", []);
    expect(service.stats().connections).toBe(1);
    one.revoked.push(two.node.id);
    one.renew();
    await until(() => service.stats().connections === 0, `the connection over ${transport} to end`);
    expect((await rejection(client.call("where", [], { timeoutMs: 3_000 }))).code).not.toBe("INTERNAL");
    one.revoked.pop();
    await client.close();
    await service.drain(0);
  }
});

test("an agent that certifies nobody is told of, at once", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  await serveOn(home, one);
  two.credentials = () => {
    throw new CellError("PERMISSION_DENIED", "process 1 does not serve hello");
  };
  const client = clientOn(two, "hello", "tls");
  const error = await rejection(client.call("where", [], { timeoutMs: 20_000 }));
  expect(error.code).toBe("PERMISSION_DENIED");
  expect(error.message).toContain(
    "asking the node agent for a certificate of this process: process 1 does not serve hello",
  );
  await client.close();
});

test("an instance that cannot be reached directly is reached through the agent of its node, encrypted from end to end", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  await serveOn(home, one);
  const known = cluster.catalog.of("hello")[0]!;
  const tlsPort = Number(known.endpoints.at(-1)!.split(":").at(-1));
  const relay = await relayOn(one, () => tlsPort);
  home.defer(() => relay.close());
  const endpoints = [`quic:127.0.0.1:${CLOSED_PORT}`, `tls:127.0.0.1:${CLOSED_PORT}`, `relay:127.0.0.1:${relay.port}`];
  cluster.catalog.set(`${one.node.id}/hello@1`, { ...known, endpoints });
  const client = clientOn(two, "hello");
  // The certificate that the instance sees is the caller's, not the relaying agent's.
  expect([await client.call("where", []), await client.call("node", [])]).toEqual(["one", two.node.id]);
  expect([client.transport(), relay.relayed]).toEqual(["relay", ["hello@1"]]);
  const text = "x".repeat(3 * PIECE_BYTES_MAX);
  expect(await client.call("echo", [text])).toBe(text);
  await client.close();
});

test("a call to an instance that has just ended is made to the one that there is instead", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  await serveOn(home, one);
  const known = cluster.catalog.of("hello")[0]!;
  const key = `${one.node.id}/hello@1`;
  const relay = await relayOn(one, (instance) => {
    cluster.catalog.set(key, known);
    throw new CellError("NOT_FOUND", `relaying to ${instance}: it does not listen on this node`);
  });
  home.defer(() => relay.close());
  // What the others have not yet heard: it is another one by now.
  const endpoints = [`quic:127.0.0.1:${CLOSED_PORT}`, `tls:127.0.0.1:${CLOSED_PORT}`, `relay:127.0.0.1:${relay.port}`];
  cluster.catalog.set(key, { ...known, instance: "hello@9", endpoints });
  const client = clientOn(two, "hello");
  expect(await client.call("where", [])).toBe("one");
  expect(relay.relayed).toEqual(["hello@9"]);
  await client.close();
});

test("who is not who was meant is not talked to, whatever way leads there", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two, three] = [await cluster.node("one"), await cluster.node("two"), await cluster.node("three")];
  await serveOn(home, one);
  const known = cluster.catalog.of("hello")[0]!;
  const dialer = new NetworkDialer(two);
  for (const transport of ["tls", "quic"] as const) {
    const error = await rejection(dialer.dial({ ...known, nodeId: three.node.id, node: "three" }, transport));
    expect([error.code, error.data]).toEqual(["UNAVAILABLE", { started: false }]);
    expect(error.message).toContain("hello@1 of node three");
    expect(error.message).toContain(one.node.id.slice(0, 8));
  }
  dialer.close();
  expect((await rejection(dialer.dial(known, "tls"))).code).toBe("CANCELLED");
});

test("an instance stops listening when its node leaves the cluster, and listens again when it is back", async () => {
  await using home = new TestHome();
  const cluster = await FakeCluster.create();
  const [one, two] = [await cluster.node("one"), await cluster.node("two")];
  const service = await serveOn(home, one);
  const port = Number(cluster.catalog.of("hello")[0]!.endpoints.at(-1)!.split(":").at(-1));
  one.current = "offline";
  for (const stream of [...one.streams]) stream.fail();
  await until(() => cluster.catalog.of("hello").length === 0, "the entry to go");
  await until(async () => !await accepts(port), "the port to be closed");
  one.current = "online";
  await until(() => cluster.catalog.of("hello").length === 1, "the instance to be announced again", 20_000);
  const client = clientOn(two, "hello", "tls");
  expect(await client.call("where", [])).toBe("one");
  await client.close();
  await service.drain(0);
});

/** Whether somebody listens at a port. */
async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}
