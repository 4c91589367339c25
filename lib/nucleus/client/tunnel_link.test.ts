import { afterEach, expect, test } from "bun:test";
import { CellError, MIB } from "../../base/mod.ts";
import type { LinkReceiver, RemotePeer } from "../../net/mod.ts";
import { describeLink } from "../../rpc/link_conformance.ts";
import { createClient, createServer, type RpcClient } from "../../rpc/mod.ts";
import { schemaOf } from "../../service/testing/mod.ts";
import { type OpenTunnel, type TunnelLink, tunnelLink } from "./tunnel_link.ts";

const PEER: RemotePeer = {
  kind: "instance",
  cluster: "c".repeat(32),
  node: "a".repeat(32),
  nodeName: "pi",
  service: "nucleus",
  instance: "nucleus",
  address: "192.0.2.7:9043",
};

/** Two ends of one tunnel: what one sends is what the other gets. */
function tunnel(): { client: TunnelLink; server: TunnelLink } {
  const toServer = Promise.withResolvers<AsyncIterable<Uint8Array>>();
  const toClient = Promise.withResolvers<AsyncIterable<Uint8Array>>();
  const end = (out: typeof toServer, incoming: typeof toClient): OpenTunnel =>
    async function* (outgoing) {
      out.resolve(outgoing);
      yield* await incoming.promise;
    };
  return {
    client: tunnelLink(end(toServer, toClient), PEER),
    server: tunnelLink(end(toClient, toServer), PEER),
  };
}

describeLink({
  name: "a tunnel",
  connect() {
    const { client, server } = tunnel();
    return Promise.resolve({ client: client.link, server: server.link, dispose: () => Promise.resolve() });
  },
});

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A client of methods that are served at the other end. */
function callsThroughTunnel(): { client: RpcClient; ended: Promise<unknown> } {
  const methods = {
    echo: (value: unknown) => value,
    async *count(to: number) {
      for (let at = 0; at < to; at++) yield at;
    },
  };
  const schema = schemaOf("far", { ...methods, count: { fn: methods.count, method: { resultStream: true } } });
  const server = createServer({
    schema,
    instance: "far",
    handlers: { echo: { fn: methods.echo as never }, count: { fn: methods.count as never } },
  });
  const { client, server: far } = tunnel();
  server.accept(far.link);
  const made = createClient(client.link);
  open.push(made);
  return { client: made, ended: client.ended };
}

test("calls, large values and streams go through a tunnel, many at once", async () => {
  const { client } = callsThroughTunnel();
  const large = new Uint8Array(3 * MIB).fill(7);
  const calls = Array.from({ length: 8 }, (_, index) => client.call("echo", [index % 2 === 0 ? large : index]));
  const answers = await Promise.all(calls);
  for (const [index, answer] of answers.entries()) expect(answer).toEqual(index % 2 === 0 ? large : index);
  expect(await Array.fromAsync(client.stream("count", [1000]))).toHaveLength(1000);
});

test("the end of a client ends the tunnel, and nothing is left to wait for", async () => {
  const { client, ended } = callsThroughTunnel();
  expect(await client.call("echo", ["x"])).toBe("x");
  await client.close();
  expect(await ended).toBeUndefined();
});

test("what breaks a tunnel is what calls through it fail with, and what its end resolves to", async () => {
  const failure = new CellError("UNAVAILABLE", "connecting to 192.0.2.7:9043: nobody answers there");
  // deno-lint-ignore require-yield -- nothing ever comes out of a tunnel that fails
  const { link, ended } = tunnelLink(async function* () {
    await Promise.resolve();
    throw failure;
  }, PEER);
  const client = createClient(link, { service: "nucleus" });
  const error = await client.hello().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("nobody answers there") });
  expect(await ended).toBe(failure);
});

test("a tunnel that is closed at its other end is a lost connection", async () => {
  const { link, ended } = tunnelLink(async function* () {}, PEER);
  const closed = Promise.withResolvers<CellError | undefined>();
  const receiver = { onClose: closed.resolve } as Partial<LinkReceiver> as LinkReceiver;
  link.start(receiver, MIB);
  expect((await closed.promise)?.message).toContain("closed at its other end");
  expect(await ended).toBeUndefined();
});

test("of a tunnel that takes nothing, no more than a bound is queued", async () => {
  const taken: Uint8Array[] = [];
  const { link } = tunnelLink(async function* (outgoing) {
    for await (const chunk of outgoing) {
      taken.push(chunk);
      if (taken.length === 2) await new Promise<never>(() => {});
    }
    yield new Uint8Array(0);
  }, PEER);
  link.start({ onClose() {}, onWritable() {} } as Partial<LinkReceiver> as LinkReceiver, MIB);
  link.writer.append(new Uint8Array(2 * MIB));
  link.commit();
  await new Promise((resolve) => setImmediate(resolve));
  expect(link.writable).toBe(false);
  // Two items of 64 KiB were taken over, 256 KiB may wait.
  expect(link.queuedBytes).toBeGreaterThanOrEqual(2 * MIB - 3 * 128 * 1024);
  link.destroy();
});
