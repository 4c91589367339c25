import { VECTOR_TIME_MS, type VectorWorld } from "../../../net/identity/testing/mod.ts";
import type { Message } from "../../core/message.ts";
import { encodeMessage, PACKET_VERSION } from "../../core/packet.ts";
import { digestOf, encodeState, type StateEntry } from "../../core/state_document.ts";
import { encodeRecord, type NodeFacts } from "../../node_record.ts";
import type { NodeIdentity } from "../../../net/identity/mod.ts";

/** What a node says of itself in the vectors. */
export const ADA_FACTS: NodeFacts = {
  addresses: ["192.0.2.7", "2001:db8::7", "ada.example"],
  nodePort: 9043,
  tlsPort: 9043,
  gossipPort: 9044,
  region: "eu",
  zone: "eu-1",
  version: "0.1.0",
  startedAtMs: VECTOR_TIME_MS,
  isAuthority: true,
};
export const BOB_FACTS: NodeFacts = {
  ...ADA_FACTS,
  addresses: ["192.0.2.8"],
  nodePort: 40_001,
  tlsPort: 40_001,
  gossipPort: 40_002,
  region: "",
  zone: "",
  isAuthority: false,
};
/** 2,000,000,000,000 does not fit into 32 bits: both halves of an incarnation are seen. */
const INCARNATION = 2_000_000_000_000;
const SEQUENCE = 0x0a0b0c0d;

/** Records of nodes with what they say, and bytes that are none. */
export function recordVectors({ ada, bob }: VectorWorld) {
  const vector = (identity: NodeIdentity, facts: NodeFacts, incarnation: number) => ({
    record: hex(encodeRecord(facts, incarnation, identity)),
    id: identity.nodeId,
    name: identity.name,
    incarnation,
    ...facts,
  });
  const record = encodeRecord(ADA_FACTS, INCARNATION, ada);
  const changed = (at: number, value: number) => hex(record.map((byte, index) => index === at ? value : byte));
  return {
    records: [vector(ada, ADA_FACTS, INCARNATION), vector(bob, BOB_FACTS, 0)],
    refusedRecords: [
      { name: "another format", id: ada.nodeId, record: changed(0, 2) },
      { name: "a changed address", id: ada.nodeId, record: changed(26, 0x33) },
      { name: "a changed signature", id: ada.nodeId, record: changed(record.length - 1, record.at(-1)! ^ 1) },
      { name: "another node's", id: bob.nodeId, record: hex(record) },
      { name: "a byte too many", id: ada.nodeId, record: `${hex(record)}00` },
      { name: "a gossip port of 0", id: ada.nodeId, record: hex(withoutGossipPort(record)) },
    ],
  };
}

/** Packets with one message of each kind, and packets that are refused. */
export function packetVectors(world: VectorWorld) {
  const { ada, bob } = world;
  const target = bob.nodeId;
  const about = { id: bob.nodeId, incarnation: INCARNATION };
  const record = encodeRecord(BOB_FACTS, INCARNATION, bob);
  const messages: Message[] = [
    { kind: "ping", sequence: SEQUENCE, target },
    { kind: "ack", sequence: SEQUENCE },
    { kind: "nack", sequence: SEQUENCE },
    { kind: "probe_request", sequence: SEQUENCE, target, wantsNack: true },
    { kind: "alive", ...about, record },
    { kind: "suspect", ...about, from: ada.nodeId },
    { kind: "failed", ...about },
    { kind: "left", ...about },
    { kind: "broadcast", payload: Uint8Array.of(3, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0) },
  ];
  const [ping, ack] = messages as [Message, Message];
  const unknown = Uint8Array.of(10, 2, 0, 0xff, 0xff);
  const vector = (name: string, content: readonly Message[], more: readonly Uint8Array[] = []) => ({
    name,
    packet: hex(packetOf(...content.map(encodeMessage), ...more)),
    messages: content.map(messageVector),
  });
  const refused = (name: string, packet: Uint8Array) => ({ name, packet: hex(packet) });
  const huge = Uint8Array.of(7, 24, 0, ...new Uint8Array(16), ...new Uint8Array(8).fill(0xff));
  return {
    packets: [
      ...messages.map((message) => vector(message.kind.replace("_", " "), [message])),
      vector("a suspicion before the ping to the suspect", [messages[5]!, ping]),
      vector("a kind that is not known is skipped", [ack], [unknown]),
      vector("no message at all", []),
    ],
    refusedPackets: [
      refused("nothing", new Uint8Array(0)),
      refused("another version", Uint8Array.of(2, ...packetOf(encodeMessage(ack)).subarray(1))),
      refused("two questions", packetOf(encodeMessage(ping), encodeMessage(ping))),
      refused("a body that is cut off", packetOf(encodeMessage(ping)).subarray(0, -1)),
      refused("a body with a byte too many", packetOf(Uint8Array.of(2, 5, 0, 1, 2, 3, 4, 5))),
      refused("a body with a byte too few", packetOf(Uint8Array.of(2, 3, 0, 1, 2, 3))),
      refused("an incarnation above 2^53 - 1", packetOf(huge)),
      refused("513 messages", packetOf(...new Array<Uint8Array>(513).fill(Uint8Array.of(10, 0, 0)))),
    ],
  };
}

/** Two nodes' beliefs as a document, with the digest of those who live. */
export function stateVectors({ ada, bob, foreign }: VectorWorld) {
  const entries: StateEntry[] = [
    { id: ada.nodeId, incarnation: INCARNATION, state: "alive", record: encodeRecord(ADA_FACTS, INCARNATION, ada) },
    { id: bob.nodeId, incarnation: 7, state: "suspect", record: encodeRecord(BOB_FACTS, 7, bob) },
    { id: foreign.identity.node, incarnation: 8, state: "failed", record: Uint8Array.of(1) },
    { id: foreign.identity.cluster, incarnation: 9, state: "left", record: Uint8Array.of(2) },
  ];
  return [[], entries.slice(0, 1), entries].map((members) => ({
    state: hex(encodeState(members)),
    digest: hex(digestOf(members.map((member) => ({ ...member, address: "", sinceMs: 0 })))),
    members: members.map(({ id, incarnation, state, record }) => ({ id, incarnation, state, record: hex(record) })),
  }));
}

/** A message with its bytes as hexadecimal digits. */
export function messageVector(message: Message): object {
  const entries = Object.entries(message).map((
    [name, value],
  ) => [name, value instanceof Uint8Array ? hex(value) : value]);
  return Object.fromEntries(entries);
}

function packetOf(...messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(PACKET_VERSION), ...messages]);
}

/** The gossip port is the third of three, behind format, incarnation, start and roles. */
function withoutGossipPort(record: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(record);
  changed.set([0, 0], 1 + 8 + 6 + 1 + 2 * 2);
  return changed;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
