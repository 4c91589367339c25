import { expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createCredentials, createInstanceKey, createTrust, loadIdentity } from "../../lib/net/identity/mod.ts";
import { dialQuic } from "../../lib/net/quic/mod.ts";
import { createClient, type RpcClient } from "../../lib/rpc/mod.ts";
import { type ClusterNode, TestCluster, until } from "../harness/mod.ts";

setDefaultTimeout(120_000);

const TEST_MS = 600_000;
/** `make soak` sends more. */
const DATAGRAMS = process.env["CELL_SOAK"] === undefined ? 100_000 : 2_000_000;
const CONNECTIONS = DATAGRAMS / 100;
const BATCH = 64;
const HELLO = "export const greet = (name: string) => `Hello, ${name}`;\n";

/** Where hello listens, as another node knows it. */
async function quicPortOfHello(observer: ClusterNode): Promise<number> {
  const known = async () => (await observer.discover("hello"))[0];
  const { endpoints } = await until(known, "hello to be known");
  return Number(endpoints[0]!.split(":")[2]);
}

/** A client of hello over QUIC, as an instance of `node` has it. */
async function callerOf(node: ClusterNode, port: number): Promise<RpcClient> {
  const { node: identity } = loadIdentity(join(node.home, "keys"))!;
  const key = createInstanceKey();
  const issued = await identity.issueInstance(
    { publicKey: key.publicKey, service: "flood", instance: "flood" },
    Date.now(),
  );
  const credentials = createCredentials(key, issued, identity.authorityPem, Date.now());
  const trust = createTrust(identity.authorityPem);
  return createClient(await dialQuic({ host: "127.0.0.1", port, credentials: () => credentials, trust }));
}

/** Calls one after the other until it is told to stop; resolves to how many were answered. Throws the first error. */
function callOnAndOn(client: RpcClient): { stop(): Promise<number> } {
  let isOver = false;
  const done = (async () => {
    let count = 0;
    while (!isOver) {
      expect(await client.call("greet", ["x"])).toBe("Hello, x");
      count++;
    }
    return count;
  })();
  return {
    stop() {
      isOver = true;
      return done;
    },
  };
}

/** Sends `count` datagrams to each port: bytes of any kind, and beginnings of QUIC handshakes that never go on. */
async function flood(ports: readonly number[], count: number): Promise<void> {
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  try {
    for (let sent = 0; sent < count; sent += BATCH) {
      for (const port of ports) {
        for (let index = 0; index < BATCH; index++) socket.send(garbage(index), port, "127.0.0.1");
      }
      // Others have a turn: this process calls as well.
      await new Promise(setImmediate);
    }
  } finally {
    socket.close();
  }
}

function garbage(index: number): Buffer {
  const bytes = randomBytes(40 + (index * 37) % 1160);
  // A long header of version 1 with a destination id of 8 bytes, as an Initial packet has it (RFC 9000, section 17.2.2).
  if (index % 2 === 0) bytes.set([0xc0 | (bytes[0]! & 0x0f), 0, 0, 0, 1, 8]);
  return bytes;
}

/** Connects to a port again and again; some say something else than a handshake, some nothing. */
async function knock(port: number, count: number): Promise<void> {
  for (let made = 0; made < count; made++) {
    try {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {}, error() {} } });
      if (made % 2 === 0) socket.write(randomBytes(64));
      if (made % 4 !== 3) socket.terminate();
    } catch {
      // It is refused, as it should be when there are too many.
    }
  }
}

test("calls go on, and nobody is taken for dead, while garbage and handshakes pour in", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes;
  await two!.deploy("hello", HELLO);
  const instance = await quicPortOfHello(one!);
  const { nodePort, gossipPort } = await two!.cluster();
  const client = await callerOf(one!, instance);
  const calling = callOnAndOn(client);
  await Promise.all([
    flood([gossipPort!, instance, nodePort!], DATAGRAMS),
    knock(nodePort!, CONNECTIONS),
  ]);
  expect(await calling.stop()).toBeGreaterThan(10);
  await client.close();
  for (const [observer, other] of [[one!, "node-2"], [two!, "node-1"]] as const) {
    const state = async () => (await observer.members()).find(({ name }) => name === other)?.state;
    // It may be suspected while its answers have no room, and says then that it lives.
    expect(["alive", "suspect"]).toContain(await state() ?? "gone");
    await cluster.untilSeen(observer, other, "alive");
  }
  // Who has a right to it is let in again.
  const again = await callerOf(one!, instance);
  expect(await again.call("greet", ["y"])).toBe("Hello, y");
  await again.close();
}, TEST_MS);
