import { afterEach, beforeEach, expect, jest, setDefaultTimeout, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { CellError, MINUTE } from "../../base/mod.ts";
import { createAuthority, createTrust, INSTANCE_LIFETIME_MS } from "../identity/mod.ts";
import { admit, instanceOn } from "../identity/testing/cluster.ts";
import { turnsUntil as until } from "../testing/turns_until.ts";
import { DIAL_MS, LinkRegistry } from "./mod.ts";
import { Asker } from "./testing/echo.ts";
import { TlsWorld } from "./testing/tls_world.ts";

setDefaultTimeout(120_000);

/** A port of this machine at which nobody listens: it is nobody's to be given, as one that was free a moment ago is. */
const NOBODYS_PORT = 1;

let world: TlsWorld;
beforeEach(async () => void (world = await TlsWorld.create()));
afterEach(async () => {
  jest.useRealTimers();
  await world.dispose();
});

async function failure(attempt: Promise<unknown>): Promise<CellError> {
  const error = await attempt.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

/** Why a connection could not be made. Whatever it was, nothing was started. */
async function dialFailure(attempt: Promise<unknown>): Promise<CellError> {
  const error = await failure(attempt);
  expect(error.data).toMatchObject({ started: false });
  return error;
}

/** Credentials of an instance of another cluster. */
async function foreigner() {
  const now = Date.now();
  const authority = await createAuthority(now);
  const credentials = await instanceOn(await admit(authority, "elsewhere", now), "stranger", now);
  return { credentials, trust: createTrust(authority.certificatePem) };
}

test("both sides know which instance the other is, on which node, and where", async () => {
  const listener = await world.listen();
  const link = await world.dial(listener);
  const { clusterId } = world.authority;
  expect(link.transport).toBe("tls");
  expect(link.peer).toEqual({
    kind: "instance",
    cluster: clusterId,
    node: world.serverNode.nodeId,
    nodeName: world.serverNode.name,
    service: "hello",
    instance: "hello@2",
    address: `127.0.0.1:${listener.port}`,
  });
  expect(world.accepted[0]!.peer).toMatchObject({
    node: world.clientNode.nodeId,
    service: "caller",
    instance: "caller",
  });
  expect(world.accepted[0]!.peer.address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await new Asker(link).ask("hello")).toBe("hello");
  expect(world.refused).toEqual([]);
});

/** Some containers have no IPv6 at all: then there is no address for both kinds to listen at. */
const hasIpv6 = Object.values(networkInterfaces()).flat().some((address) => address?.family === "IPv6");

test.skipIf(!hasIpv6)("a client of an address for both kinds is known by its IPv4 address", async () => {
  const listener = await world.listen({ host: "::" });
  await world.dial(listener);
  expect(world.accepted[0]!.peer.address).toMatch(/^127\.0\.0\.1:\d+$/);
});

test("a client without a certificate is refused, and both sides say what is missing", async () => {
  const listener = await world.listen();
  const error = await dialFailure(world.dialAnonymously(listener));
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", retryable: false, data: { started: false } });
  expect(error.message).toMatch(/refused this side: .* it has no certificate; expected .* cell join/);
  await until(() => world.refused.length === 1);
  expect(world.refused[0]!.message).toContain("it has no certificate");
  expect(world.accepted).toEqual([]);
});

test("a client of another cluster is refused, also where clients without a certificate are let in", async () => {
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  const { credentials } = await foreigner();
  const error = await dialFailure(world.dial(listener, { credentials: () => credentials }));
  expect(error.code).toBe("UNAUTHENTICATED");
  expect(error.message).toMatch(/the certificate of stranger .* authority of another cluster: expected .*, found .*/);
  await until(() => world.refused.length === 1);
  expect([world.accepted, world.anonymous]).toEqual([[], []]);
});

test("a server of another cluster is refused by its client, which shows nothing of itself", async () => {
  const { credentials } = await foreigner();
  world.server = credentials;
  const listener = await world.listen({ trust: createTrust(credentials.authorityPem) });
  const error = await dialFailure(world.dial(listener));
  expect(error.code).toBe("UNAUTHENTICATED");
  expect(error.message).toContain("the authority of another cluster");
  await until(() => world.refused.length === 1);
  // Had it seen the client's certificate it would have said whose it is.
  expect(world.refused[0]!.message).toContain("it went away during its handshake");
});

test("an expired certificate is refused on either side, within what clocks may differ it is taken", async () => {
  const later = (ms: number) => () => Date.now() + INSTANCE_LIFETIME_MS + ms;
  const tolerant = await world.listen({ now: later(9 * MINUTE) });
  await world.dial(tolerant, { now: later(9 * MINUTE) });
  const strict = await world.listen({ now: later(11 * MINUTE) });
  expect((await dialFailure(world.dial(strict))).message).toMatch(/refused this side: .* of caller on node .* expired/);
  const error = await dialFailure(world.dial(tolerant, { now: later(11 * MINUTE) }));
  expect(error.message).toMatch(/the certificate of hello@2 on node .* expired/);
  expect(error.code).toBe("UNAUTHENTICATED");
});

test("an instance of a revoked node is refused, and its connections are closed at once at both ends", async () => {
  const listener = await world.listen();
  const registry = new LinkRegistry();
  const [link, second] = [await world.dial(listener, { registry }), await world.dial(listener)];
  const [asker, other] = [new Asker(link), new Asker(second)];
  expect(await asker.ask("before")).toBe("before");
  expect(registry.size).toBe(1);
  const revoked = new CellError("UNAUTHENTICATED", "the node was revoked");
  expect(registry.closeWhere(({ node }) => node === world.clientNode.nodeId, revoked)).toBe(0);
  expect(registry.closeWhere(({ node }) => node === world.serverNode.nodeId, revoked)).toBe(1);
  expect(await asker.closed.promise).toBe(revoked);
  await until(() => registry.size === 0);
  world.revoked.add(world.clientNode.nodeId);
  expect(listener.closeWhere(({ node }) => node === world.clientNode.nodeId, revoked)).toBeGreaterThanOrEqual(1);
  expect((await other.closed.promise)?.code).toBe("UNAVAILABLE");
  expect((await dialFailure(world.dial(listener))).message).toContain("was revoked");
});

test("another instance at the address than expected is no instance to talk to", async () => {
  const listener = await world.listen();
  const { nodeId } = world.serverNode;
  await world.dial(listener, { expect: { node: nodeId, service: "hello", instance: "hello@2" } });
  for (const expect_ of [{ node: world.clientNode.nodeId }, { service: "bye" }, { instance: "hello@3" }]) {
    const error = await dialFailure(world.dial(listener, { expect: expect_ }));
    expect(error).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
    expect(error.message).toContain("found hello@2 of node");
  }
});

test("new handshakes use renewed certificates, and connections that exist live on", async () => {
  const listener = await world.listen();
  const old = new Asker(await world.dial(listener));
  world.server = await instanceOn(world.serverNode, "hello@3", Date.now());
  const link = await world.dial(listener);
  expect(link.peer.instance).toBe("hello@3");
  expect(await new Asker(link).ask("new")).toBe("new");
  expect(await old.ask("old")).toBe("old");
});

test("a machine that joins knows the server by its authority's fingerprint, and the server does not know it", async () => {
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  const pin = { authorityFingerprint: world.authority.fingerprint };
  const link = await world.dialAnonymously(listener, { trust: pin });
  expect(link.peer).toMatchObject({ cluster: world.authority.clusterId, instance: "hello@2" });
  expect(world.anonymous[0]!.peer).toEqual({
    kind: "anonymous",
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  });
  expect(await new Asker(link).ask("join")).toBe("join");
  expect(listener.strangers).toBe(1);
  link.close();
  await until(() => listener.strangers === 0);
});

test("whoever answers for another authority than the token's is not talked to", async () => {
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  const other = await createAuthority(Date.now());
  for (const authorityFingerprint of [other.fingerprint, new Uint8Array(32), new Uint8Array(0)]) {
    const error = await dialFailure(world.dialAnonymously(listener, { trust: { authorityFingerprint } }));
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(error.message).toContain("the token is for another one");
  }
  expect(world.anonymous).toEqual([]);
});

test("connecting says why nobody is reached, and that nothing was started", async () => {
  const signal = AbortSignal.abort("enough");
  const cases = [
    [{}, "UNAVAILABLE", /^connecting to 127\.0\.0\.1:\d+: nobody listens there \(ECONNREFUSED\)$/],
    [{ host: "no-such-host.invalid", timeoutMs: MINUTE }, "UNAVAILABLE", /no machine has that name/],
    [{ signal }, "CANCELLED", /it was cancelled/],
  ] as const;
  for (const [options, code, message] of cases) {
    const error = await dialFailure(world.dial({ port: NOBODYS_PORT }, options));
    expect(error).toMatchObject({ code, data: { started: false } });
    expect(error.message).toMatch(message);
  }
});

test("a server that accepts and says nothing is given up in time, or when its caller gives up", async () => {
  jest.useFakeTimers();
  let isSpokenTo = false;
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => void (isSpokenTo = true) } });
  try {
    const failed = dialFailure(world.dial(silent, { timeoutMs: DIAL_MS }));
    await until(() => isSpokenTo);
    jest.advanceTimersByTime(DIAL_MS);
    const error = await failed;
    expect(error).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
    expect(error.message).toContain(`the other side did not finish the handshake within ${DIAL_MS} ms`);
    const controller = new AbortController();
    const attempt = dialFailure(world.dial(silent, { signal: controller.signal }));
    controller.abort();
    expect((await attempt).code).toBe("CANCELLED");
  } finally {
    silent.stop(true);
  }
});

test("a server that is none of a cell is told apart from one that refuses", async () => {
  const babbler = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") },
  });
  const leaver = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.end(), data() {} },
  });
  try {
    const first = await dialFailure(world.dial(babbler));
    expect(first).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
    expect(first.message).toContain("the handshake failed: wrong version number");
    expect((await dialFailure(world.dial(leaver))).message).toMatch(/the handshake failed: /);
  } finally {
    babbler.stop(true);
    leaver.stop(true);
  }
});

test("of a range the first free port is taken, and when all are taken the error says so", async () => {
  const first = await world.listen();
  const range = { from: first.port, to: Math.min(first.port + 50, 65_535) };
  const second = await world.listen({ port: range });
  expect(second.port).toBeGreaterThan(first.port);
  expect((await world.dial(second)).peer.instance).toBe("hello@2");
  const taken = await failure(world.listen({ port: { from: first.port, to: first.port } }));
  expect(taken.code).toBe("ALREADY_EXISTS");
  expect(taken.message).toContain("another process listens there");
  for (const port of [-1, 65_536, 1.5, { from: 0, to: 5 }, { from: 9, to: 8 }]) {
    expect((await failure(world.listen({ port }))).code).toBe("INVALID_ARGUMENT");
  }
  expect((await failure(world.listen({ host: "192.0.2.99" }))).code).toBe("INVALID_ARGUMENT");
});

test("without credentials of its own a side connects to nobody, says so, and forgets nobody", async () => {
  const missing = new CellError("FAILED_PRECONDITION", "this instance has no certificate yet");
  const credentials = () => {
    throw missing;
  };
  const listener = await world.listen();
  expect(await dialFailure(world.dial(listener, { credentials }))).toMatchObject({
    code: "FAILED_PRECONDITION",
    message: missing.message,
  });
  const unready = await world.listen({ credentials });
  expect((await dialFailure(world.dial(unready))).code).toBe("UNAVAILABLE");
  expect(world.refused).toEqual([missing]);
  expect([listener.strangers, unready.strangers]).toEqual([0, 0]);
  world.client = { ...world.client, privateKeyPem: "no key", chainPem: "no certificate" };
  expect((await dialFailure(world.dial(listener))).message).toStartWith(`connecting to 127.0.0.1:${listener.port}: `);
});

test("closing a listener ends handshakes and nothing else", async () => {
  const listener = await world.listen();
  const asker = new Asker(await world.dial(listener));
  const closed = Promise.withResolvers<void>();
  await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    socket: { data() {}, close: () => closed.resolve() },
  });
  await until(() => listener.strangers === 1);
  await listener.close();
  await closed.promise;
  expect(await asker.ask("still here")).toBe("still here");
  expect(listener.strangers).toBe(0);
});
