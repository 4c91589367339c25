import { VECTOR_TIME_MS, type VectorWorld, vectorWorld } from "../../../net/identity/testing/mod.ts";
import { catalogPayload, keyPayload, revocationPayload } from "../../broadcast_payload.ts";
import { digestOf as membershipDigestOf, encodeState } from "../../core/state_document.ts";
import { digestOf, encodeExchange, type ExchangeMessage } from "../../exchange_message.ts";
import { encodeHello } from "../../hello_payload.ts";
import { encodeRecord } from "../../node_record.ts";
import { entryRecord } from "./catalog_vectors.ts";
import { ADA_FACTS, packetVectors, recordVectors, stateVectors } from "./membership_vectors.ts";
import { datagramVectors, keyVectors, seekVectors, VECTOR_KEY } from "./seal_vectors.ts";

const NOTHING = new Uint8Array(0);

/** The text of `docs/vectors/gossip.json`. */
export async function gossipDocument(): Promise<string> {
  const world = await vectorWorld();
  const document = {
    timeMs: VECTOR_TIME_MS,
    authority: hex(world.ada.trust.authority.der),
    keyRings: keyVectors(),
    datagramKey: { id: VECTOR_KEY.id, createdAtMs: VECTOR_KEY.createdAtMs, secret: hex(VECTOR_KEY.secret) },
    receiver: world.bob.nodeId,
    datagrams: datagramVectors(world),
    seek: seekVectors(),
    ...recordVectors(world),
    hellos: helloVectors(world),
    ...packetVectors(world),
    states: stateVectors(world),
    broadcasts: broadcastVectors(world),
    exchanges: exchangeVectors(world),
    refusedExchanges: refusedExchanges(world),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function helloVectors({ ada }: VectorWorld) {
  const record = encodeRecord(ADA_FACTS, 1, ada);
  return [true, false].map((wantsAnswer) => ({
    payload: hex(encodeHello({ wantsAnswer, record })),
    wantsAnswer,
    record: hex(record),
  }));
}

function broadcastVectors(world: VectorWorld) {
  const { authority, ada, bob } = world;
  const record = entryRecord(world).bytes;
  const revocation = authority.revoke(bob.nodeId, ada.nodeId, VECTOR_TIME_MS);
  const { id, createdAtMs } = VECTOR_KEY;
  return [
    { payload: hex(catalogPayload(record)), kind: "catalog", record: hex(record) },
    { payload: hex(revocationPayload(revocation)), kind: "revocation", bytes: hex(revocation) },
    { payload: hex(keyPayload(VECTOR_KEY)), kind: "key", id, createdAtMs },
  ];
}

/** What the two ends of an exchange may say first, and what then. */
function messages(world: VectorWorld): readonly { readonly name: string; readonly message: ExchangeMessage }[] {
  const { authority, ada, bob } = world;
  const revocations = authority.revoke(world.foreign.identity.node, ada.nodeId, VECTOR_TIME_MS);
  const member = { id: ada.nodeId, incarnation: 1, state: "alive" as const, record: encodeRecord(ADA_FACTS, 1, ada) };
  const common = {
    keys: [VECTOR_KEY],
    revocationsDigest: digestOf(NOTHING),
    membershipDigest: membershipDigestOf([]),
    wantsState: false,
    revocations: NOTHING,
    state: NOTHING,
    catalog: NOTHING,
  };
  const ofAda = {
    ...common,
    sender: ada.nodeId,
    revocationsDigest: digestOf(revocations),
    membershipDigest: membershipDigestOf([{ ...member, address: "", sinceMs: 0 }]),
  };
  const record = entryRecord(world).bytes;
  const catalog = Buffer.concat([Uint8Array.of(1, 0, 4, record.length >> 8, record.length & 0xff), record]);
  return [
    {
      name: "asked for the state, without keys",
      message: { ...common, sender: bob.nodeId, keys: [], wantsState: true },
    },
    { name: "digests only", message: ofAda },
    { name: "everything", message: { ...ofAda, revocations, state: encodeState([member]), catalog } },
  ];
}

function exchangeVectors(world: VectorWorld) {
  return messages(world).map(({ name, message }) => {
    const { sender, keys, wantsState } = message;
    const { revocationsDigest, membershipDigest, revocations, state, catalog } = message;
    return {
      name,
      exchange: hex(encodeExchange(message)),
      sender,
      keys: keys.map(({ id, createdAtMs, secret }) => ({ id, createdAtMs, secret: hex(secret) })),
      wantsState,
      revocationsDigest: hex(revocationsDigest),
      membershipDigest: hex(membershipDigest),
      revocations: hex(revocations),
      state: hex(state),
      catalog: hex(catalog),
    };
  });
}

function refusedExchanges(world: VectorWorld) {
  const [, digests] = messages(world);
  const exchange = encodeExchange(digests!.message);
  const changed = (at: number, value: number) => hex(exchange.map((byte, index) => index === at ? value : byte));
  return [
    { name: "another version", exchange: changed(0, 2) },
    { name: "an unknown flag", exchange: changed(1, 2) },
    { name: "five keys", exchange: changed(18, 5) },
    { name: "a byte too many", exchange: `${hex(exchange)}00` },
    { name: "cut off", exchange: hex(exchange.subarray(0, -1)) },
  ];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
