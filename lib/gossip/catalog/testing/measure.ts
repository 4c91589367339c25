/**
 * What a catalogue costs, as one line of JSON: `bun lib/gossip/catalog/testing/measure.ts [owners] [instances]`. Run in a
 * process of its own, as the memory of others would be counted as well. Signatures are real ones.
 */
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { Catalog } from "../catalog.ts";
import { nodeId } from "./fake_keys.ts";
import { entryOf, pushPull, START_MS } from "./samples.ts";

const [owners = 1_000, instances = 10] = process.argv.slice(2).map(Number);
const LOOKUPS = 2_000;
const keys = generateKeyPairSync("ed25519");

function catalogOf(owner: number): Catalog {
  return new Catalog({
    self: nodeId(owner),
    sign: (bytes) => sign(null, bytes, keys.privateKey),
    verify: (_, bytes, signature) => verify(null, bytes, keys.publicKey, signature),
    firstVersion: START_MS,
  });
}

/** As many services as an owner has instances. */
const payloads = Array.from({ length: owners }, (_, owner) => {
  const catalog = catalogOf(owner);
  return Array.from({ length: instances }, (_, number) => {
    const entry = entryOf(`service-${number}@1`, { species: number.toString(16).padStart(16, "0") });
    return catalog.put(entry, START_MS)[0]!.payload;
  });
}).flat();

function memory(): { heapBytes: number; residentBytes: number } {
  Bun.gc(true);
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + external, residentBytes: rss };
}

const before = memory();
const startedAt = performance.now();
const catalog = catalogOf(owners);
for (let owner = 0; owner < owners; owner++) catalog.nodeJoined(nodeId(owner), START_MS);
for (const payload of payloads) catalog.receive(payload.slice(), START_MS);
const receiveMs = performance.now() - startedAt;
const after = memory();

function microseconds(act: () => void): number {
  for (let count = 0; count < LOOKUPS; count++) act();
  const from = performance.now();
  for (let count = 0; count < LOOKUPS; count++) act();
  return ((performance.now() - from) * 1_000) / LOOKUPS;
}

const newcomer = catalogOf(owners + 1);
for (let owner = 0; owner <= owners; owner++) newcomer.nodeJoined(nodeId(owner), START_MS);
const joinFrom = performance.now();
let rounds = 0;
let joinBytes = 0;
for (; newcomer.stats.entries < catalog.stats.entries; rounds++) {
  joinBytes += pushPull(newcomer, catalog, START_MS).messageBytes.reduce((sum, bytes) => sum + bytes, 0);
}
const joinMs = performance.now() - joinFrom;

const round = (value: number) => Math.round(value * 10) / 10;
console.log(JSON.stringify({
  entries: catalog.stats.entries,
  heapMB: round((after.heapBytes - before.heapBytes) / 1e6),
  residentMB: round((after.residentBytes - before.residentBytes) / 1e6),
  estimatedMB: round(catalog.stats.bytes / 1e6),
  receiveMicroseconds: round((receiveMs * 1_000) / payloads.length),
  digestBytes: catalog.digest().length,
  digestMicroseconds: round(microseconds(() => catalog.digest())),
  lookupMicroseconds: round(microseconds(() => catalog.entries("service-0"))),
  lookupOf: catalog.entries("service-0").length,
  lookupOfNobodyMicroseconds: round(microseconds(() => catalog.entries("nobody"))),
  joinRounds: rounds,
  joinBytes,
  joinMs: round(joinMs),
}));
