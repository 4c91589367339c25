import { expect, test } from "bun:test";
import { CellError, MINUTE } from "../../base/mod.ts";
import { EXCHANGE_BYTES_MAX, type StreamTarget } from "../../gossip/mod.ts";
import { type Link, memoryLinks } from "../../net/mod.ts";
import { createServer, type Handler, type RpcServer } from "../../rpc/mod.ts";
import { PEER_SCHEMA, type PeerApi } from "./peer_schema.ts";
import { PEER_CONNECTIONS_MAX, Peers } from "./peers.ts";

function at(node: string): StreamTarget {
  return { node, hosts: ["192.0.2.1"], nodePort: 9043, tlsPort: 9043 };
}

/** Other agents that answer; `dialed` tells whom somebody connected to. */
function world(api: Partial<PeerApi> = {}) {
  const refuse = () => Promise.reject(new CellError("UNIMPLEMENTED", "not in this test"));
  const handlers = Object.fromEntries(
    Object.keys(PEER_SCHEMA.methods).map((name) => [
      name,
      { fn: (api as { [method: string]: unknown })[name] as Handler["fn"] ?? refuse },
    ]),
  );
  const servers = new Map<string, RpcServer>();
  const dialed: string[] = [];
  const whereabouts = new Map<string, string>();
  const peers = new Peers(({ node = "" }) => {
    dialed.push(node);
    const server = servers.get(node) ?? createServer({ schema: PEER_SCHEMA, handlers, instance: node });
    servers.set(node, server);
    const [there, here] = memoryLinks();
    server.accept(there);
    return Promise.resolve<Link>(here);
  }, (node) => whereabouts.get(node));
  return { peers, dialed, servers, whereabouts };
}

test("calls to one node share a connection", async () => {
  const { peers, dialed } = world({ probe: () => Promise.resolve(true) });
  expect(await Promise.all([peers.of(at("a")).probe(), peers.of(at("a")).probe(), peers.of(at("b")).probe()])).toEqual([
    true,
    true,
    true,
  ]);
  expect(dialed).toEqual(["a", "b"]);
  await peers.close();
});

test("a connection that ended is made anew, and one that could not be made is tried again", async () => {
  const { peers, dialed, servers } = world({ probe: () => Promise.resolve(true) });
  await peers.of(at("a")).probe();
  // With time for it, who calls hears of the end first and closes: the server ends nothing behind its back.
  await servers.get("a")!.drain(1 * MINUTE);
  servers.delete("a");
  expect(await peers.of(at("a")).probe()).toBe(true);
  expect(dialed).toEqual(["a", "a"]);
  await peers.close();

  let attempts = 0;
  const failing = new Peers(() => {
    attempts++;
    return Promise.reject(new CellError("UNAVAILABLE", "unreachable"));
  });
  for (let count = 0; count < 2; count++) {
    await expect(failing.of(at("a")).probe()).rejects.toThrow("unreachable");
  }
  await failing.close();
  expect(attempts).toBe(2);
});

test("no more connections are kept than the bound: of the idle ones that was used longest ago goes", async () => {
  const { peers, dialed } = world({ probe: () => Promise.resolve(true) });
  for (let node = 0; node <= PEER_CONNECTIONS_MAX; node++) await peers.of(at(String(node))).probe();
  await peers.of(at(String(PEER_CONNECTIONS_MAX))).probe();
  expect(dialed).toHaveLength(PEER_CONNECTIONS_MAX + 1);
  await peers.of(at("0")).probe();
  expect(dialed).toHaveLength(PEER_CONNECTIONS_MAX + 2);
  await peers.close();
});

test("after the end nobody is connected to", async () => {
  const { peers, dialed } = world();
  await peers.close();
  await expect(peers.of(at("a")).probe()).rejects.toThrow("turned off");
  expect(dialed).toEqual([]);
});

test("bytes go both ways over one connection", async () => {
  const { peers } = world({
    async *agent(bytes: AsyncIterable<Uint8Array>) {
      for await (const piece of bytes) yield piece.map((byte) => byte + 1);
    },
  });
  async function* sent() {
    yield new Uint8Array([1, 2]);
    yield new Uint8Array([3]);
  }
  const received: number[] = [];
  for await (const piece of peers.of(at("a")).agent(sent())) received.push(...piece);
  expect(received).toEqual([2, 3, 4]);
  await peers.close();
});

test("a connection that is being made does not hold up the end", async () => {
  const given: AbortSignal[] = [];
  const peers = new Peers((_, signal) => {
    given.push(signal);
    const { promise, reject } = Promise.withResolvers<Link>();
    signal.addEventListener("abort", () => reject(new CellError("CANCELLED", "given up")));
    return promise;
  });
  const asked = peers.of(at("a")).probe();
  asked.catch(() => {});
  await peers.close();
  expect(given.map(({ aborted }) => aborted)).toEqual([true]);
  await expect(asked).rejects.toThrow("given up");
});

test("what waits for a node that is gone ends with its connection, and the next call makes another", async () => {
  let answers = false;
  const asked = Promise.withResolvers<void>();
  const { peers, dialed } = world({
    probe: () => {
      asked.resolve();
      return answers ? Promise.resolve(true) : new Promise<never>(() => {});
    },
    async *agent(bytes: AsyncIterable<Uint8Array>) {
      for await (const piece of bytes) yield piece;
    },
  });
  const probing = peers.of(at("a")).probe();
  const piping = peers.of(at("a")).agent(endless())[Symbol.asyncIterator]();
  await Promise.all([asked.promise, piping.next()]);
  const waiting = piping.next();
  peers.drop("a", new CellError("UNAVAILABLE", "node a has failed"));
  const outcomes = await Promise.allSettled([probing, waiting]);
  const reasons = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as CellError);
  expect(reasons.map(({ code }) => code)).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
  for (const { message } of reasons) expect(message).toContain("node a has failed");
  answers = true;
  expect(await peers.of(at("a")).probe()).toBe(true);
  expect(dialed).toEqual(["a", "a"]);
  await peers.close();
});

test("the connection to a node that has moved, or whose agent has begun anew, is made anew; others are kept", async () => {
  const { peers, dialed, whereabouts } = world({ probe: () => Promise.resolve(true) });
  await peers.of(at("a")).probe();
  whereabouts.set("a", "here");
  peers.dropMoved("a");
  peers.dropMoved("a");
  peers.dropMoved("b");
  await peers.of(at("a")).probe();
  expect(dialed).toEqual(["a"]);
  whereabouts.set("a", "there");
  peers.dropMoved("a");
  await peers.of(at("a")).probe();
  peers.dropMoved("a");
  await peers.of(at("a")).probe();
  expect(dialed).toEqual(["a", "a"]);
  await peers.close();
});

test("the longest message of an exchange is carried both ways, and a longer one refused", async () => {
  const { peers } = world({ exchange: (request) => Promise.resolve(request) });
  const longest = new Uint8Array(EXCHANGE_BYTES_MAX).fill(7);
  expect(Buffer.compare(await peers.of(at("a")).exchange(longest), longest)).toBe(0);
  const longer = new Uint8Array(EXCHANGE_BYTES_MAX + 1);
  await expect(peers.of(at("a")).exchange(longer)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await peers.close();
});

async function* endless(): AsyncGenerator<Uint8Array, void, void> {
  yield new Uint8Array([1]);
  await new Promise<never>(() => {});
}
