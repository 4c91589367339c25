import { expect, setDefaultTimeout, test } from "bun:test";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { type Link, memoryLinks, type Peer } from "../../net/mod.ts";
import { createClient, createServer, type Handler, type RpcClient } from "../../rpc/mod.ts";
import type { Advertisement } from "../client/mod.ts";
import { until } from "../../../test/harness/until.ts";
import { PEER_SCHEMA, type PeerApi } from "./peer_schema.ts";
import { NODE_RELAYS_MAX, NODE_TUNNELS_MAX, PeerService, type PeerServiceOptions } from "./peer_service.ts";
import { Presences } from "./presences.ts";

// What is waited for takes seconds on a busy machine.
setDefaultTimeout(120_000);

const OTHER = "b".repeat(32);

/** A node's agent, and calls of it by whoever a test says. */
function world(overrides: Partial<PeerServiceOptions> = {}) {
  const accepted: Link[] = [];
  const presences = new Presences(() => {});
  const peers = new PeerService({
    node: {
      has: () => true,
      wake: () => Promise.resolve(true),
      acceptAgent: (link: Link) => accepted.push(link),
    } as never,
    presences,
    instanceHost: "127.0.0.1",
    cluster: "a".repeat(32),
    exchange: (request) => request,
    speciesSchema: () => Promise.resolve("{}"),
    renew: (_request, node) => Promise.resolve(node),
    isManager: () => true,
    nameOf: () => "pi",
    ...overrides,
  });
  const methods = peers as unknown as { [method: string]: Handler["fn"] };
  const handlers = Object.keys(PEER_SCHEMA.methods).map((name) => [name, { fn: methods[name]!, self: peers }] as const);
  const server = createServer({ schema: PEER_SCHEMA, handlers: Object.fromEntries(handlers), instance: "nucleus" });
  const as = (peer: Peer): RpcClient => {
    const [there, here] = memoryLinks();
    Object.defineProperty(there, "peer", { value: peer });
    server.accept(there);
    return createClient(here, { schema: PEER_SCHEMA, service: "nucleus" });
  };
  const of = (service: string, node = OTHER): RpcClient =>
    as({ kind: "instance", cluster: "a".repeat(32), node, nodeName: "pi", service, instance: service, address: "" });
  return { accepted, presences, as, of };
}

/** Bytes that never come. */
async function* silence(): AsyncGenerator<Uint8Array, void, void> {
  await new Promise(() => {});
  yield new Uint8Array();
}

const calls: { [Method in keyof PeerApi]?: unknown[] } = {
  exchange: [new Uint8Array(1)],
  probe: [],
  has: ["hello"],
  wake: ["hello"],
  speciesSchema: ["s"],
  renew: [new Uint8Array(1)],
};

test("what agents ask each other is answered to agents, and to no instance, command, or process of this machine", async () => {
  const { of, as } = world();
  const agent = of("nucleus");
  const strangers = [
    of("hello"),
    of("cell"),
    as({ kind: "process", pid: 1, uid: 0 }),
    as({ kind: "anonymous", address: "" }),
  ];
  for (const [method, args] of Object.entries(calls)) {
    await agent.call(method, args);
    for (const stranger of strangers) {
      await expect(stranger.call(method, args)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    }
  }
  for (const stranger of strangers) {
    await expect(stranger.stream("agent", [silence()]).next()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  }
  expect(await agent.call("renew", [new Uint8Array(1)])).toBe(OTHER);
});

test("an exchange is answered to the node whose certificate the connection has", async () => {
  const { of } = world({ exchange: (_request, caller) => new TextEncoder().encode(caller) });
  expect(new TextDecoder().decode(await of("nucleus").call("exchange", [new Uint8Array(1)]) as Uint8Array)).toBe(OTHER);
});

test("only managers get at the agent's own methods", async () => {
  const { of, accepted } = world({ isManager: () => false });
  await expect(of("nucleus").stream("agent", [silence()]).next()).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    message: expect.stringMatching(
      /from node pi \([0-9a-f]{8}\): it is not among the managers in .* add its name there/,
    ),
  });
  expect(accepted).toEqual([]);
});

test("one node has no more tunnels than its share, another still gets one, and what ends makes room", async () => {
  const { of, accepted } = world();
  const greedy = of("nucleus");
  const open = Array.from({ length: NODE_TUNNELS_MAX }, () => greedy.stream("agent", [silence()]));
  for (const stream of open) stream.next().catch(() => {});
  await until(() => accepted.length === NODE_TUNNELS_MAX, "all tunnels to be open");
  await expect(greedy.stream("agent", [silence()]).next()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  of("nucleus", "c".repeat(32)).stream("agent", [silence()]).next().catch(() => {});
  await until(() => accepted.length === NODE_TUNNELS_MAX + 1, "the other node's tunnel to be open");
  await greedy.close();
  const again = of("nucleus");
  await until(async () => {
    const outcome = again.stream("agent", [silence()]).next().catch(() => {});
    await Promise.race([outcome, Bun.sleep(1)]);
    return accepted.length > NODE_TUNNELS_MAX + 1;
  }, "the seats of the connection that ended to be free");
});

test("bytes are relayed to what listens here, for any member's processes, each node within its share", async () => {
  const echo = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const { of, presences } = world();
  const { port } = echo.address() as AddressInfo;
  const offered = { service: "hello", instance: "hello@1", tlsPort: port, quicPort: 0 } as Advertisement;
  const takeBack = presences.add(offered);
  const command = of("cell");
  async function* said(): AsyncGenerator<Uint8Array, void, void> {
    yield new Uint8Array([1, 2, 3]);
    await new Promise(() => {});
  }
  const streams = Array.from({ length: NODE_RELAYS_MAX }, () => command.stream("relay", ["hello@1", said()]));
  const answers = await Promise.all(streams.map((stream) => stream.next()));
  expect(answers.every(({ value }) => Buffer.from(value as Uint8Array).equals(Buffer.from([1, 2, 3])))).toBe(true);
  await expect(command.stream("relay", ["hello@1", said()]).next()).rejects.toMatchObject({
    code: "RESOURCE_EXHAUSTED",
  });
  const other = of("cell", "c".repeat(32)).stream("relay", ["hello@1", said()]);
  expect((await other.next()).done).toBe(false);
  takeBack();
  const gone = of("cell", "d".repeat(32)).stream("relay", ["hello@1", said()]);
  await expect(gone.next()).rejects.toThrow("it does not listen on this node");
  await command.close();
  await other.return();
  echo.close();
});
