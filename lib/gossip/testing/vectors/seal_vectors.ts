import { hkdfSync } from "node:crypto";
import { MINUTE } from "../../../base/mod.ts";
import { CLOCK_TOLERANCE_MS } from "../../../net/identity/mod.ts";
import { VECTOR_TIME_MS, type VectorWorld } from "../../../net/identity/testing/mod.ts";
import { encodeAnswer, QUESTION_BYTES } from "../../discovery/seek_message.ts";
import { encodeKeys } from "../../key_keeper.ts";
import { DatagramKind } from "../../seal/mod.ts";
import { type DatagramHeader, encodeDatagram } from "../../seal/datagram.ts";
import type { ClusterKey } from "../../seal/mod.ts";
import { nonceOf, sealWith } from "./fixed_seal.ts";

/** The cluster's key in the vectors. */
export const VECTOR_KEY: ClusterKey = {
  id: 0x01020304,
  createdAtMs: VECTOR_TIME_MS - 1 * MINUTE,
  secret: new Uint8Array(32).fill(0x5a),
};

const TOKEN_SECRET = Uint8Array.from({ length: 16 }, (_, index) => index);
const CHALLENGE = Uint8Array.from({ length: 16 }, (_, index) => 0xf0 + index);
const JOIN_ADDRESSES = ["192.0.2.7:9043", "[2001:db8::7]:9043"];

/** A packet of membership with one ack. */
const ACK = Uint8Array.of(1, 2, 4, 0, 1, 0, 0, 0);

/** How a datagram is sealed that is not as most are. */
interface Sealing {
  readonly key?: ClusterKey;
  readonly payload?: Uint8Array;
  change?(text: Uint8Array): void;
}

/** Keys of a ring, as they are handed to others. */
export function keyVectors() {
  const older = { id: 0xa0b0c0d0, createdAtMs: VECTOR_TIME_MS - 60 * MINUTE, secret: new Uint8Array(32).fill(0xa5) };
  const sets = [[], [VECTOR_KEY], [VECTOR_KEY, older]];
  return sets.map((keys) => ({
    keys: keys.map(({ id, createdAtMs, secret }) => ({ id, createdAtMs, secret: hex(secret) })),
    hex: hex(encodeKeys(keys)),
  }));
}

/** Datagrams that bob gets from ada one after the other, and what becomes of each. */
export function datagramVectors({ authority, ada, bob }: VectorWorld) {
  let count = 0;
  const sealed = (changes: Partial<DatagramHeader> = {}, { key = VECTOR_KEY, payload = ACK, change }: Sealing = {}) => {
    const header: DatagramHeader = {
      kind: DatagramKind.MEMBERSHIP,
      sender: ada.nodeId,
      bootMs: VECTOR_TIME_MS - 5 * MINUTE,
      sequence: 1,
      clockMs: VECTOR_TIME_MS,
      ...changes,
    };
    const text = encodeDatagram(header, payload);
    change?.(text);
    const datagram = sealWith(nonceOf(++count), key.id, key.secret, text);
    return { datagram: hex(datagram), text: hex(text), header, payload: hex(payload) };
  };
  const refused = (name: string, why: string, { datagram }: { datagram: string }) => ({ name, datagram, refused: why });
  const withByte = (at: number, value: number) => ({ change: (text: Uint8Array) => void (text[at] = value) });
  const first = sealed();
  const farAheadMs = VECTOR_TIME_MS + CLOCK_TOLERANCE_MS + 1;
  const revocation = authority.revoke(bob.nodeId, ada.nodeId, VECTOR_TIME_MS);
  const farBehindMs = VECTOR_TIME_MS - CLOCK_TOLERANCE_MS - 1;
  return [
    { name: "the first one of this start", ...first },
    refused("the same once more", "replayed", first),
    { name: "a later one", ...sealed({ sequence: 2000 }) },
    { name: "one that was overtaken", ...sealed({ sequence: 2000 - 991 }) },
    refused("one that was overtaken by too many", "replayed", sealed({ sequence: 2000 - 992 })),
    refused("a sequence number of 0", "replayed", sealed({ sequence: 0 })),
    refused("of an earlier start", "old_boot", sealed({ bootMs: VECTOR_TIME_MS - 6 * MINUTE, sequence: 3000 })),
    {
      name: "a revocation",
      ...sealed({ kind: DatagramKind.REVOCATION, sequence: 2001 }, { payload: revocation }),
    },
    { name: "a clock that is ten minutes ahead", ...sealed({ sequence: 2010, clockMs: farAheadMs - 1 }) },
    refused("a clock that is further ahead", "clock_skew", sealed({ sequence: 2002, clockMs: farAheadMs })),
    refused("a clock that is too far behind", "clock_skew", sealed({ sequence: 2003, clockMs: farBehindMs })),
    refused("a start in the future", "clock_skew", sealed({ sequence: 2004, bootMs: farAheadMs })),
    refused("in this node's own name", "own", sealed({ sender: bob.nodeId })),
    refused("another version", "version", sealed({ sequence: 2005 }, withByte(0, 2))),
    refused("an unknown kind", "version", sealed({ sequence: 2006 }, withByte(1, 0xff))),
    refused(
      "under another key with this key's id",
      "forged",
      sealed({}, { key: { ...VECTOR_KEY, secret: new Uint8Array(32) } }),
    ),
    refused("under a key that is not known", "unknown_key", sealed({}, { key: { ...VECTOR_KEY, id: 7 } })),
    refused("too short", "length", { datagram: first.datagram.slice(0, 2 * 67) }),
    refused("too long", "length", { datagram: first.datagram.padEnd(2 * 1233, "00") }),
    { name: "a later start", ...sealed({ bootMs: VECTOR_TIME_MS, sequence: 1 }) },
  ];
}

/** A machine with a token asks where to join, and is answered. */
export function seekVectors() {
  const key = derived(TOKEN_SECRET, "cell seek secret 1", 32);
  const keyId = derived(key, "cell seek id 1", 4).readUInt32LE(0);
  const question = new Uint8Array(QUESTION_BYTES);
  question.set([1, 1, ...CHALLENGE]);
  const answer = encodeAnswer(CHALLENGE, JOIN_ADDRESSES);
  return {
    tokenSecret: hex(TOKEN_SECRET),
    key: hex(key),
    keyId,
    challenge: hex(CHALLENGE),
    addresses: JOIN_ADDRESSES,
    question: { text: hex(question), datagram: hex(sealWith(nonceOf(0x51), keyId, key, question)) },
    answer: { text: hex(answer), datagram: hex(sealWith(nonceOf(0x52), keyId, key, answer)) },
  };
}

function derived(secret: Uint8Array, label: string, byteCount: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, new Uint8Array(0), label, byteCount));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
