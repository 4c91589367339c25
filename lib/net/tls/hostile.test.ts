import { afterEach, beforeEach, expect, jest, setDefaultTimeout, test } from "bun:test";
import { constants } from "node:crypto";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectSecure, type ConnectionOptions, type TLSSocket } from "node:tls";
import { KIB } from "../../base/mod.ts";
import { formatPem } from "../identity/mod.ts";
import { turnsUntil as until } from "../testing/turns_until.ts";
import { ANONYMOUS_QUEUE_BYTES } from "./incoming.ts";
import { DEFAULT_TLS_LIMITS, DIAL_MS, type TlsListener } from "./mod.ts";
import { REPORTS_MAX } from "./refusal_reports.ts";
import { Asker } from "./testing/echo.ts";
import { TlsWorld } from "./testing/tls_world.ts";

setDefaultTimeout(120_000);

const { handshakeMs, anonymousMs } = DEFAULT_TLS_LIMITS;
/** A listener that gives a handshake its time and no more. */
const HURRIED = { limits: { handshakeMs } };
/** As many as a soak makes; fewer otherwise, so that a run takes a moment. */
const FLOOD = process.env["CELL_SOAK"] === undefined ? 300 : 20_000;
/** Where attackers come from: another address than everybody else's. */
const ATTACKER = "127.0.0.7";

let world: TlsWorld;
const sockets: Socket[] = [];
// No time passes but what a test lets pass.
beforeEach(async () => {
  world = await TlsWorld.create();
  jest.useFakeTimers();
});
afterEach(async () => {
  jest.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await world.dispose();
});

/** A connection that is up to no good. Resolves when it is there, and remembers what it was told and whether it is closed. */
async function attack({ port }: TlsListener, first: Uint8Array | string = "", localAddress = ATTACKER) {
  const socket = connectPlain({ host: "127.0.0.1", port, localAddress });
  sockets.push(socket);
  const attacker = { socket, isClosed: false, received: 0 };
  socket.on("error", () => {});
  socket.on("data", (chunk: Uint8Array) => void (attacker.received += chunk.length));
  socket.on("close", () => void (attacker.isClosed = true));
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  if (first.length > 0) socket.write(first);
  return attacker;
}

/** A client of node:tls, which does what it is told instead of what is right. */
function strange({ port }: TlsListener, options: ConnectionOptions) {
  const socket: TLSSocket = connectSecure({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  sockets.push(socket);
  const client = { socket, received: "", isClosed: false };
  socket.on("error", () => {});
  socket.on("data", (chunk: Uint8Array) => void (client.received += Buffer.from(chunk).toString("latin1")));
  socket.on("close", () => void (client.isClosed = true));
  return client;
}

async function expectServed(listener: TlsListener): Promise<void> {
  const link = await world.dial(listener);
  expect(await new Asker(link).ask("served")).toBe("served");
  link.close();
}

/** What an honest client's first flight looks like. */
async function clientHello(): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket, chunk) => (resolve(Uint8Array.from(chunk)), void socket.end()) },
  });
  try {
    await world.dial(listener).catch(() => {});
    return await promise;
  } finally {
    listener.stop(true);
  }
}

test("a client that connects and says nothing is closed after the time for a handshake", async () => {
  const listener = await world.listen(HURRIED);
  const silent = await attack(listener);
  await until(() => listener.strangers === 1);
  jest.advanceTimersByTime(handshakeMs);
  await until(() => silent.isClosed);
  expect(world.refused[0]!.message).toContain(`it did not finish its handshake within ${handshakeMs} ms`);
  await until(() => listener.strangers === 0);
});

test("a client that says its first words one byte at a time gets no more time than others", async () => {
  const hello = await clientHello();
  const listener = await world.listen(HURRIED);
  const slow = await attack(listener);
  await until(() => listener.strangers === 1);
  for (let sent = 0; sent < 100; sent++) {
    expect(slow.isClosed).toBe(false);
    await new Promise<void>((resolve) => slow.socket.write(hello.subarray(sent, sent + 1), () => resolve()));
    jest.advanceTimersByTime(handshakeMs / 100);
  }
  await until(() => slow.isClosed);
});

test("a client that leaves its handshake half done is closed", async () => {
  const listener = await world.listen(HURRIED);
  const half = await attack(listener, await clientHello());
  await until(() => half.received > 500);
  jest.advanceTimersByTime(handshakeMs);
  await until(() => half.isClosed);
  expect(world.refused[0]!.message).toContain("did not finish its handshake");
});

test("garbage instead of a handshake is refused at once, and harms nobody", async () => {
  const listener = await world.listen();
  const hello = await clientHello();
  const requests = [await attack(listener, "GET / HTTP/1.1\r\n\r\n"), await attack(listener, new Uint8Array(100_000))];
  await until(() => requests.every(({ isClosed }) => isClosed));
  expect(world.refused.length).toBe(2);
  expect(world.refused.map(({ message }) => message)).toContainEqual(
    expect.stringContaining("the handshake failed: http request"),
  );
  const garbage: Uint8Array[] = [Buffer.alloc(5, 0x16)];
  for (let index = 0; index < 60; index++) {
    const broken = Uint8Array.from(hello);
    broken[(index * 37) % hello.length]! ^= 0x55;
    garbage.push(broken, crypto.getRandomValues(new Uint8Array(200)));
  }
  const attackers = await Promise.all(garbage.map((bytes) => attack(listener, bytes)));
  await expectServed(listener);
  // Some are the beginning of a handshake, which waits until its time is up.
  for (const { socket } of attackers) socket.destroy();
  await until(() => listener.strangers === 0);
});

test("hundreds of handshakes that are never finished leave room for others, and calls go on", async () => {
  const listener = await world.listen({
    limits: { strangersPerAddressMax: 40, connectionsPerSecondPerAddress: 65_536 },
  });
  const asker = new Asker(await world.dial(listener));
  const hello = await clientHello();
  const attackers: Awaited<ReturnType<typeof attack>>[] = [];
  for (let count = 0; count < FLOOD; count++) {
    attackers.push(await attack(listener, count % 2 === 0 ? hello : ""));
    if (count % 20 === 0) expect(await asker.ask(`call ${count}`)).toBe(`call ${count}`);
    if (count % 100 === 0) await expectServed(listener);
    expect(listener.strangers).toBeLessThanOrEqual(41);
  }
  await until(() => attackers.filter(({ isClosed }) => isClosed).length === FLOOD - 40);
  await expectServed(listener);
  // A log is not flooded along.
  expect(world.refused.filter(({ code }) => code === "RESOURCE_EXHAUSTED").length).toBe(REPORTS_MAX);
  expect(world.refused[0]!.message).toContain(`accepting a connection of ${ATTACKER} at`);
});

test("the places for strangers are so many altogether, and those who proved who they are take none", async () => {
  const listener = await world.listen({ limits: { strangersMax: 10, strangersPerAddressMax: 10 } });
  for (let count = 0; count < 12; count++) await world.dial(listener);
  expect(listener.strangers).toBe(0);
  const attackers = await Promise.all(Array.from({ length: 12 }, () => attack(listener)));
  await until(() => attackers.filter(({ isClosed }) => isClosed).length === 2);
  expect(listener.strangers).toBe(10);
  await expectServed(listener);
  await until(() => attackers.filter(({ isClosed }) => isClosed).length === 3);
  expect(listener.strangers).toBe(9);
});

test("whoever connects too fast is turned away before anything is computed for it", async () => {
  const listener = await world.listen({ limits: { connectionsPerSecondPerAddress: 5 } });
  const hello = await clientHello();
  const attackers = await Promise.all(Array.from({ length: 30 }, () => attack(listener, hello)));
  await until(() => attackers.every(({ isClosed, received }) => isClosed || received > 0));
  expect(attackers.filter(({ received }) => received > 0).length).toBe(5);
  await expectServed(listener);
});

test("a client without a certificate stays as long as such a one may, and counts as a stranger meanwhile", async () => {
  const listener = await world.listen({
    onAnonymous: world.onAnonymous,
    limits: { strangersMax: 3 },
  });
  const askers = await Promise.all([1, 2, 3].map(async () => new Asker(await world.dialAnonymously(listener))));
  expect(listener.strangers).toBe(3);
  jest.advanceTimersByTime(anonymousMs - 1);
  expect(await askers[0]!.ask("for now")).toBe("for now");
  jest.advanceTimersByTime(1);
  for (const asker of askers) await asker.closed.promise;
  await until(() => listener.strangers === 0);
  await expectServed(listener);
});

test("what a refused client sends is not read, and it is closed even when it stays", async () => {
  const listener = await world.listen(HURRIED);
  const refused = strange(listener, { ALPNProtocols: ["cell/1"] });
  refused.socket.on("secureConnect", () => refused.socket.write(Buffer.alloc(100_000)));
  await until(() => refused.received.includes("it has no certificate"));
  jest.advanceTimersByTime(handshakeMs);
  await until(() => refused.isClosed);
  await until(() => listener.strangers === 0);
  expect(world.refused.map(({ code }) => code)).toEqual(["UNAUTHENTICATED"]);
});

test("a client that does not name the protocol is refused, with a certificate or without", async () => {
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  const { privateKeyPem: key, chainPem: cert } = world.client;
  for (
    const options of [{}, { key, cert }, { key, cert, ALPNProtocols: ["h2"] }, { key, cert, ALPNProtocols: ["cell/2"] }]
  ) {
    const client = strange(listener, options);
    await until(() => client.isClosed);
  }
  await until(() => world.refused.length === 4);
  expect([world.accepted, world.anonymous]).toEqual([[], []]);
});

test("for a client without a certificate that does not read, little waits", async () => {
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  strange(listener, { ALPNProtocols: ["cell/1"] });
  await until(() => world.anonymous.length === 1);
  const [link] = world.anonymous;
  // In one turn: the client, of this process, cannot read meanwhile.
  while (link!.writable) {
    link!.writer.append(new Uint8Array(KIB));
    link!.commit();
  }
  expect(link!.queuedBytes).toBeGreaterThan(0);
  expect(link!.queuedBytes).toBeLessThanOrEqual(ANONYMOUS_QUEUE_BYTES + KIB);
});

test("where strangers hold every place, the one that came first makes room, whatever it has got to", async () => {
  const limits = { strangersMax: 4 };
  const listener = await world.listen({ onAnonymous: world.onAnonymous, limits });
  const nameless = strange(listener, { ALPNProtocols: ["cell/1"] });
  await until(() => world.anonymous.length === 1);
  const silent = [await attack(listener), await attack(listener), await attack(listener)];
  await until(() => listener.strangers === 4);
  await expectServed(listener);
  await until(() => nameless.isClosed);
  expect(silent.map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
  for (let count = 0; count < 4; count++) silent.push(await attack(listener));
  await until(() => silent[0]!.isClosed && silent[1]!.isClosed && silent[2]!.isClosed);
  expect(listener.strangers).toBeLessThanOrEqual(limits.strangersMax);
  await expectServed(listener);
});

test("older TLS than 1.3 is refused", async () => {
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  const { SSL_OP_NO_TLSv1_3 } = constants as unknown as { SSL_OP_NO_TLSv1_3: number };
  const old = strange(listener, { ALPNProtocols: ["cell/1"], maxVersion: "TLSv1.2", secureOptions: SSL_OP_NO_TLSv1_3 });
  await until(() => old.isClosed);
  expect(world.anonymous).toEqual([]);
  expect(world.refused[0]!.message).toContain("unsupported protocol");
});

test("a certificate of any other kind lets nobody in, not even as a stranger", async () => {
  const { X509CertificateGenerator } = await import("@peculiar/x509");
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({ keys, signingAlgorithm: algorithm });
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const odd = strange(listener, {
    key: formatPem("PRIVATE KEY", key),
    cert: certificate.toString("pem"),
    ALPNProtocols: ["cell/1"],
  });
  await until(() => odd.isClosed);
  expect(odd.received).toContain("its certificate is none of a cell");
  expect([world.accepted, world.anonymous]).toEqual([[], []]);
});

test("a node's own certificate is no instance's", async () => {
  const listener = await world.listen({ onAnonymous: world.onAnonymous });
  const { key, certificatePem } = world.clientNode;
  const asNode = {
    ...world.client,
    chainPem: certificatePem,
    privateKeyPem: key.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
  const error = await world.dial(listener, { credentials: () => asNode }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(error.message).toContain("expected one that a node issued to an instance");
  expect([world.accepted, world.anonymous]).toEqual([[], []]);
});

test("a server that lets nobody in and says so in pieces, or never, is given up in time", async () => {
  const { privateKeyPem: key, chainPem: cert, authorityPem: ca } = world.server;
  let isShaken = false;
  const silent = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    tls: { key, cert: cert + ca, requestCert: true, rejectUnauthorized: false, ALPNProtocols: "\x06cell/1" },
    socket: { data() {}, handshake: () => void (isShaken = true) },
  });
  try {
    const failed = world.dial(silent, { timeoutMs: DIAL_MS }).catch((thrown) => thrown);
    await until(() => isShaken);
    jest.advanceTimersByTime(DIAL_MS);
    const error = await failed;
    expect(error).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
    expect(error.message).toContain(`did not say whether it lets this one in within ${DIAL_MS} ms`);
  } finally {
    silent.stop(true);
  }
});
