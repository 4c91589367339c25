import { expect, setDefaultTimeout, test } from "bun:test";
import { MINUTE } from "../../base/mod.ts";
import { type Credentials, formatPem, proveIdentity, readPem } from "../identity/mod.ts";
import { instanceOn } from "../identity/testing/cluster.ts";
import { encodeIntroduction, IntroductionKind } from "./introduction.ts";
import { closeQuicLinksOf } from "./mod.ts";
import { SESSION_END_MS } from "./quic_stream.ts";
import type { QuicStream } from "./runtime.ts";
import { EchoClient, QuicWorld, Stranger, until } from "./testing/mod.ts";

setDefaultTimeout(120_000);

const HOUR = 60 * MINUTE;

/** The error of a promise that must be rejected. */
async function failure(attempt: Promise<unknown>): Promise<{ code: string; message: string; data: unknown }> {
  try {
    await attempt;
  } catch (error) {
    return error as { code: string; message: string; data: unknown };
  }
  throw new Error("it did not fail");
}

test("both sides know which instance of which node the other is", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const link = await world.dial(port, {
    expect: { node: world.serverNode.nodeId, service: "hello", instance: "hello@2" },
  });
  expect(link.peer).toMatchObject({ kind: "instance", ...world.server.identity, address: `127.0.0.1:${port}` });
  expect(world.accepted[0]!.peer).toMatchObject({ kind: "instance", ...world.client.identity });
  expect(link.transport).toBe("quic");
  await new EchoClient(link).ask(1);
});

test("a client without a certificate is refused in the handshake", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const stranger = await Stranger.connect(port, world.client, { keys: [], certs: [] });
  await until(() => stranger.end !== undefined && world.refused.length === 1);
  expect((stranger.end as Error & { errorCode: bigint }).errorCode).toBe(0x174n);
  expect(world.refused[0]).toMatchObject({
    code: "UNAUTHENTICATED",
    message: expect.stringContaining("no certificate"),
  });
  expect(world.accepted).toEqual([]);
  stranger.leave();
});

test("a client of another cluster is refused, and both sides are told why", async () => {
  await using world = await QuicWorld.create();
  await using foreign = await QuicWorld.create();
  const { port } = await world.listen();
  const error = await failure(world.dial(port, { credentials: () => foreign.client }));
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", data: { started: false } });
  expect(error.message).toContain("authority");
  await until(() => world.refused.length === 1);
  expect(world.refused[0]!.message).toContain("authority of this cluster has not issued");
});

test("a server of another cluster is not believed", async () => {
  await using world = await QuicWorld.create();
  await using foreign = await QuicWorld.create();
  // It would let this side in.
  const { port } = await foreign.listen({ trust: world.trust });
  const error = await failure(world.dial(port));
  expect(error.code).toBe("UNAUTHENTICATED");
});

test("a client whose certificate has expired is refused, and told to look at clocks and its agent", async () => {
  await using world = await QuicWorld.create(Date.now() - 3 * HOUR);
  world.server = await instanceOn(world.serverNode, "hello@2", Date.now());
  const { port } = await world.listen();
  const error = await failure(world.dial(port));
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", data: { started: false } });
  expect(error.message).toMatch(/expired|not yet valid/);
});

test("a client that shows another one's certificate behind its own is taken for itself", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const victim = await instanceOn(world.serverNode, "bank", Date.now());
  const [own = new Uint8Array(), node = new Uint8Array()] = readPem(world.client.chainPem, "CERTIFICATE");
  const [theirs = new Uint8Array()] = readPem(victim.chainPem, "CERTIFICATE");
  const chainPem = [own, theirs, node].map((der) => formatPem("CERTIFICATE", der)).join("");
  await world.dial(port, { credentials: () => ({ ...world.client, chainPem }) });
  expect(world.accepted[0]!.peer).toMatchObject(world.client.identity);
});

test("a client that names another instance without having its key is refused, and told", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const victim = await instanceOn(world.serverNode, "bank", Date.now());
  const error = await failure(sayProof(world, port, { ...victim, key: world.client.key }, world.server.certificate));
  expect(error.message).toContain("not proved");
  expect(world.accepted).toEqual([]);
});

test("a proof for one server is none for another", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const other = await instanceOn(world.serverNode, "hello@3", Date.now());
  const error = await failure(sayProof(world, port, world.client, other.certificate));
  expect(error.message).toContain("not proved");
});

/** Proves `credentials` to the server of `certificate` on a connection to another; throws what that one answers. */
async function sayProof(
  world: QuicWorld,
  port: number,
  credentials: Credentials,
  certificate: Uint8Array,
): Promise<void> {
  const stranger = await Stranger.connect(port, world.client);
  await stranger.session.opened;
  const stream = await stranger.say(
    encodeIntroduction(IntroductionKind.proof, proveIdentity(credentials, certificate)),
  );
  for await (const [chunk] of stream) {
    stranger.leave();
    throw new Error(Buffer.from(chunk!).toString());
  }
}

test("an instance of a revoked node is refused by either side", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  world.revoked.add(world.clientNode.nodeId);
  const refused = await failure(world.dial(port));
  expect(refused).toMatchObject({ code: "UNAUTHENTICATED", data: { started: false } });
  expect(refused.message).toContain("revoked");
  world.revoked.clear();
  world.revoked.add(world.serverNode.nodeId);
  expect((await failure(world.dial(port))).message).toContain("revoked");
});

test("links to a node that is revoked close at once, on both sides", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const client = new EchoClient(await world.dial(port));
  await client.ask(1);
  expect(closeQuicLinksOf("0".repeat(32))).toBe(0);
  expect(closeQuicLinksOf(world.clientNode.nodeId)).toBe(1);
  await until(() => client.end !== undefined);
  expect(client.end).toMatchObject({ code: "UNAUTHENTICATED", message: expect.stringContaining("revoked") });
  const other = new EchoClient(await world.dial(port));
  expect(closeQuicLinksOf(world.serverNode.nodeId)).toBe(1);
  expect(other.end).toMatchObject({ code: "UNAUTHENTICATED" });
});

test("why a link ends is told although the machine stops this process for longer than that is waited for", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const client = new EchoClient(await world.dial(port));
  await client.ask(1);
  // It is stopped as soon as it has heard that the stream is over, which is before it hears why.
  const { stream } = (client.link as unknown as { bytes: { stream: QuicStream } }).bytes;
  stream.closed.catch(() => {}).finally(() => Bun.sleepSync(3 * SESSION_END_MS));
  expect(closeQuicLinksOf(world.clientNode.nodeId)).toBe(1);
  await until(() => client.end !== undefined);
  expect(client.end).toMatchObject({ code: "UNAUTHENTICATED", message: expect.stringContaining("revoked") });
});

test("somebody else at the address is no failure of the call: what was known of it is out of date", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  for (const expect_ of [{ node: "0".repeat(32) }, { service: "bank" }, { instance: "hello@7" }]) {
    expect(await failure(world.dial(port, { expect: expect_ }))).toMatchObject({
      code: "UNAVAILABLE",
      data: { started: false },
      message: expect.stringContaining("out of date"),
    });
  }
});

test("a listener whose first certificate has expired is believed by its current one, and only by its own", async () => {
  await using world = await QuicWorld.create(Date.now() - 3 * HOUR);
  const old = world.server;
  const { port } = await world.listen();
  world.client = await instanceOn(world.clientNode, "caller", Date.now());
  expect((await failure(world.dial(port))).message).toContain("expired");
  world.server = await instanceOn(world.serverNode, "bank", Date.now());
  expect((await failure(world.dial(port))).message).toContain("somebody else");
  world.server = await instanceOn(world.serverNode, "hello@2", Date.now());
  const link = await world.dial(port);
  expect(link.peer).toMatchObject(old.identity);
  await new EchoClient(link).ask(1);
});
