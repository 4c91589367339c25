import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { createTrust, formatPem } from "../net/identity/mod.ts";
import { catalogPayload, keyPayload, readPayload, revocationPayload } from "./broadcast_payload.ts";
import type { Message } from "./core/message.ts";
import { decodePacket, encodeMessage } from "./core/packet.ts";
import { decodeState, digestOf, encodeState, type StateEntry } from "./core/state_document.ts";
import { SeekAnswerer, seekKeyOf } from "./discovery/mod.ts";
import { sealingKeyOf } from "./discovery/seek_key.ts";
import { readAnswer, readQuestion } from "./discovery/seek_message.ts";
import { decodeExchange, encodeExchange } from "./exchange_message.ts";
import { decodeHello, encodeHello } from "./hello_payload.ts";
import { decodeKeys, encodeKeys } from "./key_keeper.ts";
import { RecordBook } from "./record_book.ts";
import { type DatagramHeader, DatagramSeal, KeyRing, SealingKey } from "./seal/mod.ts";
import { sealWith } from "./testing/vectors/fixed_seal.ts";
import { gossipDocument } from "./testing/vectors/gossip_vectors.ts";
import { messageVector } from "./testing/vectors/membership_vectors.ts";

/** Bytes are hexadecimal digits. */
interface Key {
  id: number;
  createdAtMs: number;
  secret: string;
}

interface Named {
  name: string;
}

interface Exchange extends Named {
  exchange: string;
  sender: string;
  keys: Key[];
  wantsState: boolean;
  revocationsDigest: string;
  membershipDigest: string;
  revocations: string;
  state: string;
  catalog: string;
}

interface Datagram extends Named {
  datagram: string;
  text?: string;
  header?: DatagramHeader;
  payload?: string;
  refused?: string;
}

interface Document {
  timeMs: number;
  authority: string;
  keyRings: { keys: Key[]; hex: string }[];
  datagramKey: Key;
  receiver: string;
  datagrams: Datagram[];
  seek: {
    tokenSecret: string;
    key: string;
    keyId: number;
    challenge: string;
    addresses: string[];
    question: { text: string; datagram: string };
    answer: { text: string; datagram: string };
  };
  records: ({ record: string; id: string } & Record<string, unknown>)[];
  refusedRecords: (Named & { id: string; record: string })[];
  hellos: { payload: string; wantsAnswer: boolean; record: string }[];
  packets: (Named & { packet: string; messages: object[] })[];
  refusedPackets: (Named & { packet: string })[];
  states: { state: string; digest: string; members: (Omit<StateEntry, "record"> & { record: string })[] }[];
  broadcasts: ({ payload: string; kind: string } & Record<string, unknown>)[];
  exchanges: Exchange[];
  refusedExchanges: (Named & { exchange: string })[];
}

const text = readFileSync(join(import.meta.dir, "../../docs/vectors/gossip.json"), "utf8");
const vectors = JSON.parse(text) as Document;
const bytesOf = Uint8Array.fromHex;
const keyOf = ({ secret, ...key }: Key) => ({ ...key, secret: bytesOf(secret) });

test("gossip.json is what the code makes; `make vectors` writes it again", async () => {
  expect(await gossipDocument()).toBe(text);
});

test("keys are read as what stands beside them, and written the same", () => {
  for (const { keys, hex } of vectors.keyRings) {
    expect(decodeKeys(bytesOf(hex))).toEqual(keys.map(keyOf));
    expect(hexOf(encodeKeys(keys.map(keyOf)))).toBe(hex);
  }
});

test("one receiver opens the datagrams one after the other, and refuses some for the reason beside them", () => {
  const { datagrams, datagramKey, receiver, timeMs } = vectors;
  const ring = new KeyRing();
  ring.restore([keyOf(datagramKey)], timeMs);
  const seal = new DatagramSeal(receiver, ring, timeMs);
  for (const { name, datagram, header, payload, refused } of datagrams) {
    const opened = seal.open(bytesOf(datagram), timeMs);
    if (refused !== undefined) expect(opened, name).toMatchObject({ refused });
    else expect(opened, name).toEqual({ header: header!, payload: Buffer.from(bytesOf(payload!)) });
  }
});

test("the code seals as the vectors are sealed, with the nonce that it has chosen", () => {
  const { datagrams, datagramKey: { id, secret } } = vectors;
  for (const { text: sealed } of datagrams) {
    if (sealed === undefined) continue;
    const datagram = new SealingKey(id, bytesOf(secret)).seal(bytesOf(sealed));
    expect(hexOf(datagram)).toBe(hexOf(sealWith(datagram.subarray(4, 16), id, bytesOf(secret), bytesOf(sealed))));
  }
});

test("a node with the token answers the question, and the answer is what stands beside it", () => {
  const { tokenSecret, key, keyId, challenge, addresses, question, answer } = vectors.seek;
  const seekKey = seekKeyOf(bytesOf(tokenSecret));
  expect(hexOf(seekKey)).toBe(key);
  const sealing = sealingKeyOf(seekKey);
  expect(sealing.id).toBe(keyId);
  expect(hexOf(readQuestion(sealing.open(bytesOf(question.datagram))!)!)).toBe(challenge);
  expect(readAnswer(sealing.open(bytesOf(answer.datagram))!, bytesOf(challenge))).toEqual(addresses);
  const answerer = new SeekAnswerer({ seekKeys: () => [seekKey], addresses: () => addresses }, 0);
  const answered = answerer.answer(bytesOf(question.datagram), 0)!;
  expect(hexOf(sealing.open(answered)!)).toBe(answer.text);
});

test("records of nodes are read and checked as what stands beside them, and nothing else is one", () => {
  const trust = createTrust(formatPem("CERTIFICATE", bytesOf(vectors.authority)));
  for (const { record, id, ...said } of vectors.records) {
    const read = new RecordBook(trust).read(id, bytesOf(record), vectors.timeMs);
    expect(read).toMatchObject({ ...said, nodeId: id });
  }
  for (const { name, id, record } of vectors.refusedRecords) {
    expect(new RecordBook(trust).read(id, bytesOf(record), vectors.timeMs), name).toBeUndefined();
  }
});

test("hellos are read as what stands beside them, and written the same", () => {
  for (const { payload, wantsAnswer, record } of vectors.hellos) {
    expect(decodeHello(bytesOf(payload))).toEqual({ wantsAnswer, record: bytesOf(record) });
    expect(hexOf(encodeHello({ wantsAnswer, record: bytesOf(record) }))).toBe(payload);
  }
});

test("there is a packet with a message of each kind, read as what stands beside it and written the same", () => {
  const kinds = new Set<string>();
  for (const { name, packet, messages } of vectors.packets) {
    const read: Message[] = decodePacket(bytesOf(packet))!;
    expect(read.map(messageVector), name).toEqual(messages);
    for (const { kind } of read) kinds.add(kind);
    expect(packet, name).toStartWith(hexOf(Buffer.concat([Uint8Array.of(1), ...read.map(encodeMessage)])));
  }
  expect(kinds.size).toBe(9);
  for (const { name, packet } of vectors.refusedPackets) expect(decodePacket(bytesOf(packet)), name).toBeUndefined();
});

test("states are read as what stands beside them, written the same, and have the digest of those who live", () => {
  for (const { state, digest, members } of vectors.states) {
    const entries = members.map((member) => ({ ...member, record: bytesOf(member.record) }));
    expect(decodeState(bytesOf(state))).toEqual(entries);
    expect(hexOf(encodeState(entries))).toBe(state);
    expect(hexOf(digestOf(entries.map((entry) => ({ ...entry, address: "", sinceMs: 0 }))))).toBe(digest);
  }
});

test("broadcasts are read as what stands beside them, and written the same", () => {
  for (const { payload, ...said } of vectors.broadcasts) {
    const read = readPayload(bytesOf(payload))!;
    expect(messageVector(read as unknown as Message)).toEqual(said);
    if (read.kind === "catalog") expect(hexOf(catalogPayload(read.record))).toBe(payload);
    else if (read.kind === "revocation") expect(hexOf(revocationPayload(read.bytes))).toBe(payload);
    else expect(hexOf(keyPayload({ ...read, secret: new Uint8Array(32) }))).toBe(payload);
  }
  expect(vectors.broadcasts.map(({ kind }) => kind)).toEqual(["catalog", "revocation", "key"]);
});

test("messages of an exchange are read as what stands beside them, and written the same", () => {
  for (const { name, exchange, sender, keys, wantsState, ...blocks } of vectors.exchanges) {
    const read = decodeExchange(bytesOf(exchange));
    expect({ ...read, keys: read.keys, sender: read.sender }, name).toMatchObject({ sender, wantsState });
    expect(read.keys, name).toEqual(keys.map(keyOf));
    for (const [block, hex] of Object.entries(blocks)) {
      expect(hexOf(read[block as keyof typeof blocks]), `${name}: ${block}`).toBe(hex);
    }
    expect(hexOf(encodeExchange(read)), name).toBe(exchange);
  }
  for (const { name, exchange } of vectors.refusedExchanges) {
    expect(() => decodeExchange(bytesOf(exchange)), name).toThrow(CellError);
  }
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
