import { test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIB, MINUTE } from "../base/mod.ts";
import { createTrust, type Credentials, type Trust } from "../net/identity/mod.ts";
import { dialQuic, listenQuic } from "../net/quic/mod.ts";
import { cluster, instanceOn } from "../net/identity/testing/mod.ts";
import { bytePipe, dialTls, listenTls, pipeToTcp } from "../net/tls/mod.ts";
import { dialUnix, type Link, listenUnix, memoryLinks } from "../net/mod.ts";
import { dialLocal, listenLocal } from "../shm/mod.ts";
import type { LinkPair, Transport } from "./link_conformance.ts";

/** Connections that are ready for a test that cannot wait for one; more than any test takes. */
const PAIRS_READY = 12;
/** Some tests make hundreds of connections, and a handshake takes milliseconds on a machine with other work. */
const TEST_TIMEOUT_MS = 2 * MINUTE;
/** Both ends are this process: however long a machine keeps it from going on, they get to know each other. */
const HANDSHAKE_MS_MAX = 1 * MINUTE;
/** The kernel's buffers of a TCP connection, as large as Linux makes them by itself (tcp_wmem), and some for the reader. */
const TCP_BYTES_MAX = 6 * MIB;
const secret = () => new Uint8Array(32).fill(7);

/** Everything that carries calls. */
export const TRANSPORTS: readonly Transport[] = [
  {
    name: "memory",
    connect() {
      const [server, client] = memoryLinks();
      return Promise.resolve({ server, client, dispose: () => Promise.resolve() });
    },
  },
  {
    name: "Unix socket",
    connect: () => connectAt((path, onLink) => listenUnix(path, { onLink }), dialUnix),
  },
  {
    name: "shared memory",
    connect: () =>
      connectAt(
        (path, onLink) => listenLocal(path, { onLink, secret }),
        (path) => dialLocal(path, { transport: "shm", secret }),
      ),
  },
  { name: "TLS", heldBytesMax: TCP_BYTES_MAX, connect: () => connectTls(false) },
  { name: "QUIC", connect: connectQuic },
];

/** Two TCP connections, one behind the other, and the pipe between them: to whatever is above a link, TLS as any other. */
export const RELAYED: Transport = {
  name: "TLS through a relay",
  heldBytesMax: 2 * TCP_BYTES_MAX,
  connect: () => connectTls(true),
};

/** Credentials are made once: it takes the certificate library 50 ms. */
let certified: Promise<{ server: Credentials; client: Credentials; trust: Trust }> | undefined;

async function certify() {
  const now = Date.now();
  const { authority, one, other } = await cluster(now);
  const [server, client] = await Promise.all([instanceOn(one, "demo", now), instanceOn(other, "caller@2", now)]);
  return { server, client, trust: createTrust(authority.certificatePem) };
}

async function connectTls(isRelayed: boolean): Promise<LinkPair> {
  const { server, client, trust } = await (certified ??= certify());
  const accepted = Promise.withResolvers<Link>();
  const listener = await listenTls({
    host: "127.0.0.1",
    port: 0,
    credentials: () => server,
    trust,
    onLink: accepted.resolve,
    limits: { handshakeMs: HANDSHAKE_MS_MAX },
  });
  const { port } = listener;
  const dialed = { host: "127.0.0.1", port, credentials: () => client, trust, timeoutMs: HANDSHAKE_MS_MAX };
  const relay = () => bytePipe((outgoing) => pipeToTcp(outgoing, { port }));
  return {
    client: await dialTls(isRelayed ? { ...dialed, pipe: relay() } : dialed),
    server: await accepted.promise,
    dispose: () => listener.close(),
  };
}

async function connectQuic(): Promise<LinkPair> {
  const { server, client, trust } = await (certified ??= certify());
  const accepted = Promise.withResolvers<Link>();
  const listener = await listenQuic({
    host: "127.0.0.1",
    port: 0,
    credentials: () => server,
    trust,
    onLink: accepted.resolve,
    options: { handshakeMs: HANDSHAKE_MS_MAX },
  });
  const { port } = listener;
  return {
    client: await dialQuic({
      host: "127.0.0.1",
      port,
      credentials: () => client,
      trust,
      timeoutMs: HANDSHAKE_MS_MAX,
    }),
    server: await accepted.promise,
    dispose: () => listener.close(),
  };
}

async function connectAt(
  listen: (path: string, onLink: (link: Link) => void) => Promise<{ close(): Promise<void> }>,
  dial: (path: string) => Promise<Link>,
): Promise<LinkPair> {
  const folder = mkdtempSync(join(tmpdir(), "cell-rpc-"));
  const path = join(folder, "a.sock");
  const accepted = Promise.withResolvers<Link>();
  const listener = await listen(path, accepted.resolve);
  const client = await dial(path);
  const server = await accepted.promise;
  return {
    client,
    server,
    async dispose() {
      await listener.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What the running test's connections are made of; undefined in a test that is about no transport. */
let current: { transport: Transport; ready: LinkPair[]; taken: LinkPair[] } | undefined;

/** Defines a test for every transport: `takeLinks` and `connectLinks` give it connections over that one. */
export function testOverTransports(name: string, body: (transport: Transport) => unknown): void {
  for (const transport of TRANSPORTS) {
    test(`${name} (${transport.name})`, async () => {
      const ready = await Promise.all(Array.from({ length: PAIRS_READY }, () => transport.connect()));
      const taken: LinkPair[] = [];
      current = { transport, ready, taken };
      try {
        await body(transport);
      } finally {
        current = undefined;
        for (const { server, client, dispose } of [...ready, ...taken]) {
          server.destroy();
          client.destroy();
          await dispose();
        }
      }
    }, TEST_TIMEOUT_MS);
  }
}

/** A connection that is ready and not started; over memory in a test that is about no transport. */
export function takeLinks(): [server: Link, client: Link] {
  if (current === undefined) return memoryLinks();
  const pair = current.ready.pop();
  if (pair === undefined) throw new Error(`a test takes at most ${PAIRS_READY} connections that are ready`);
  current.taken.push(pair);
  return [pair.server, pair.client];
}

/** Any number of connections, each made when it is asked for. */
export async function connectLinks(): Promise<[server: Link, client: Link]> {
  if (current === undefined) return memoryLinks();
  const { transport, taken } = current;
  const pair = await transport.connect();
  taken.push(pair);
  return [pair.server, pair.client];
}
