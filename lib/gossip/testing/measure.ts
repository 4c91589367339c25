/** What sealing, records and gossip at rest cost, in processor time: `bun lib/gossip/testing/measure.ts`. */
import { SECOND } from "../../base/mod.ts";
import { LAN } from "../core/mod.ts";
import { encodeRecord, type NodeFacts } from "../node_record.ts";
import { RecordBook } from "../record_book.ts";
import { DATAGRAM_OVERHEAD_BYTES, DatagramKind, DatagramSeal, KeyRing, PAYLOAD_BYTES_MAX } from "../seal/mod.ts";
import { livingOf, TestCluster } from "./test_cluster.ts";
import { until } from "./until.ts";

const ROUNDS = 20_000;
const NODES = 10;
const REST_MS = 10 * SECOND;
/** IPv4 and UDP. */
const HEADERS_BYTES = 20 + 8;

const FACTS: NodeFacts = {
  addresses: ["192.0.2.7"],
  nodePort: 9043,
  tlsPort: 9043,
  gossipPort: 9044,
  region: "default",
  zone: "default",
  version: "0.1.0",
  startedAtMs: Date.now(),
  isAuthority: false,
};

function print(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(56)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}`);
}

/** Microseconds of processor time that `run` takes. */
async function micros(run: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function measure(what: string, rounds: number, run: (round: number) => unknown): Promise<void> {
  for (let round = 0; round < rounds / 10; round++) await run(round);
  const spent = await micros(async () => {
    for (let round = 0; round < rounds; round++) {
      const result = run(round);
      if (result instanceof Promise) await result;
    }
  });
  print(what, spent / rounds, "us");
}

async function measureSealing(): Promise<void> {
  const now = Date.now();
  const [mine, theirs] = [new KeyRing(), new KeyRing()];
  mine.rotate(now);
  theirs.merge(mine.keys(now), now);
  for (const bytes of [100, PAYLOAD_BYTES_MAX]) {
    const payload = new Uint8Array(bytes);
    const sender = new DatagramSeal("aa".repeat(16), mine, now);
    const receiver = new DatagramSeal("bb".repeat(16), theirs, now);
    await measure(`seal ${bytes} bytes`, ROUNDS, () => sender.seal(DatagramKind.MEMBERSHIP, payload, now));
    const sealed = Array.from({ length: 1.2 * ROUNDS }, () => sender.seal(DatagramKind.MEMBERSHIP, payload, now)!);
    let next = 0;
    await measure(`open ${bytes} bytes`, ROUNDS, () => receiver.open(sealed[next++]!, now));
    const forged = sealed[0]!.with(40, sealed[0]![40]! ^ 1);
    await measure(`refuse ${bytes} bytes by their tag`, ROUNDS, () => receiver.open(forged, now));
    const foreign = forged.with(0, forged[0]! ^ 1);
    await measure(`refuse ${bytes} bytes by their key's id`, ROUNDS, () => receiver.open(foreign, now));
  }
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  await measure("seal 100 bytes by WebCrypto", 2000, () => crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, iv));
}

async function measureRecords(cluster: TestCluster): Promise<void> {
  const identity = await cluster.identity("measured");
  const { nodeId, trust } = identity;
  const now = Date.now();
  const records = Array.from({ length: 1200 }, (_, index) => encodeRecord(FACTS, index, identity));
  print("a record", records[0]!.length, "bytes");
  await measure("sign a record", 1000, (round) => encodeRecord(FACTS, round, identity));
  await measure(
    "read the first record of a node",
    500,
    (round) => new RecordBook(trust).read(nodeId, records[round]!, now),
  );
  const book = new RecordBook(trust);
  await measure("read a later record of a node", 1000, (round) => book.read(nodeId, records[round]!, now));
  book.read(nodeId, records.at(-1)!, now);
  await measure("read the same record again", ROUNDS, () => book.read(nodeId, records.at(-1)!, now));
}

async function measureRest(cluster: TestCluster): Promise<void> {
  const options = { membership: LAN, clocks: { wallMs: Date.now, steadyMs: () => performance.now() } };
  const first = await cluster.start("n0", options);
  for (let index = 1; index < NODES; index++) await cluster.join(`n${index}`, first, options);
  await until("all know each other", () => cluster.nodes.every((node) => livingOf(node).length === NODES));
  await Bun.sleep(REST_MS / 4);
  const counts = () =>
    cluster.nodes.map(({ gossip }) => gossip.stats().membership).reduce(
      ({ packets, bytes }, { packetsOut, bytesOut }) => ({ packets: packets + packetsOut, bytes: bytes + bytesOut }),
      { packets: 0, bytes: 0 },
    );
  const before = counts();
  const spent = await micros(() => Bun.sleep(REST_MS));
  const after = counts();
  const perSecond = (count: number) => count / NODES / (REST_MS / SECOND);
  const packets = perSecond(after.packets - before.packets);
  const bytes = perSecond(after.bytes - before.bytes) + packets * (DATAGRAM_OVERHEAD_BYTES + HEADERS_BYTES);
  print(`${NODES} nodes at rest, LAN: datagrams sent by each`, packets, "/s");
  print(`${NODES} nodes at rest, LAN: bytes sent by each, all headers`, bytes, "/s");
  print(`${NODES} nodes at rest, LAN: processor time of each`, spent / NODES / REST_MS / 10, "% of a core");
}

await measureSealing();
const cluster = await TestCluster.create();
try {
  await measureRecords(cluster);
  await measureRest(cluster);
} finally {
  cluster.stop();
}
