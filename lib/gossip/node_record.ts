import { type ByteReader, ByteWriter, CellError } from "../base/mod.ts";
import type { NodeId, NodeIdentity } from "../net/identity/mod.ts";
import { isHost } from "./socket_address.ts";

/** No record is longer, so that one fits into a datagram. */
export const NODE_RECORD_BYTES_MAX = 1024;
/** Addresses of a node. */
export const NODE_ADDRESSES_MAX = 8;
/** With a port and brackets it is an address of membership, which has 64 bytes at most. */
const HOST_BYTES_MAX = 56;
const PLACE_BYTES_MAX = 63;
const VERSION_BYTES_MAX = 63;
const FORMAT = 1;
const PORT_MAX = 65_535;
/** Bit of the roles; those that a later version adds are passed over. */
const ROLE_AUTHORITY = 1;
const SIGNATURE_BYTES = 64;
/** Stands before what is signed, so that it is taken for nothing else that a node signs. */
const LABEL = new TextEncoder().encode("cell node record 1\0");

/** What a node says of itself, beside what its certificate says. */
export interface NodeFacts {
  /** IP addresses and names at which it is reached, the best first. */
  readonly addresses: readonly string[];
  /** UDP, for QUIC, and TCP, for TLS: that of the node agent. */
  readonly nodePort: number;
  /** TCP; mostly the same number. */
  readonly tlsPort: number;
  /** UDP. */
  readonly gossipPort: number;
  /** Where it is; empty where nobody said. */
  readonly region: string;
  readonly zone: string;
  /** Of its binary. */
  readonly version: string;
  readonly startedAtMs: number;
  /** Whether it holds the authority's key: it makes tokens and renews certificates. */
  readonly isAuthority: boolean;
}

/** A node as it describes itself, checked. */
export interface NodeRecord extends NodeFacts {
  readonly nodeId: NodeId;
  /** The name that people gave it. */
  readonly name: string;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The DER of its certificate. */
  readonly certificate: Uint8Array;
  /** Which of its statements this is: later ones are greater. */
  readonly incarnation: number;
}

/** A record whose form is right; who made it has still to be checked. */
export interface UnverifiedRecord {
  readonly facts: NodeFacts;
  readonly incarnation: number;
  readonly certificate: Uint8Array;
  /** What the signature is about. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The signed record of a node at an incarnation: format (1), incarnation (8), start (6), roles (1), ports (2 each: node, TLS, gossip),
 * addresses behind their number (1), region, zone, version, certificate (4 + n), signature (64). Throws INVALID_ARGUMENT
 * for facts that no other node would take.
 */
export function encodeRecord(facts: NodeFacts, incarnation: number, identity: NodeIdentity): Uint8Array {
  assertFacts(facts);
  const writer = new ByteWriter(NODE_RECORD_BYTES_MAX).uint8(FORMAT).uint53(incarnation).uint48(facts.startedAtMs)
    .uint8(facts.isAuthority ? ROLE_AUTHORITY : 0);
  for (const port of [facts.nodePort, facts.tlsPort, facts.gossipPort]) writer.uint16(port);
  writer.uint8(facts.addresses.length);
  for (const address of facts.addresses) writer.ascii(address);
  for (const text of [facts.region, facts.zone, facts.version]) writer.ascii(text);
  const signed = writer.block(identity.certificate.der).finish();
  const record = Buffer.concat([signed, identity.sign(Buffer.concat([LABEL, signed]))]);
  if (record.length > NODE_RECORD_BYTES_MAX) {
    throw refused(
      `its record has ${record.length} bytes, ${NODE_RECORD_BYTES_MAX} at most; give it fewer addresses or shorter names`,
    );
  }
  return new Uint8Array(record);
}

/** Reads a record's form. Throws INVALID_ARGUMENT for what none of ours has. The result holds views of `bytes`. */
export function decodeRecord(reader: ByteReader, bytes: Uint8Array): UnverifiedRecord {
  if (bytes.length > NODE_RECORD_BYTES_MAX) throw refused(`its record has ${bytes.length} bytes`);
  const format = reader.uint8("the format");
  if (format !== FORMAT) throw refused(`its record has format ${format}, expected ${FORMAT}`);
  const incarnation = reader.uint53("the incarnation");
  const startedAtMs = reader.uint48("the start");
  const isAuthority = (reader.uint8("the roles") & ROLE_AUTHORITY) !== 0;
  const [nodePort, tlsPort, gossipPort] = [reader.uint16("a port"), reader.uint16("a port"), reader.uint16("a port")];
  const count = reader.uint8("the number of addresses");
  if (count > NODE_ADDRESSES_MAX) throw refused(`it has ${count} addresses, ${NODE_ADDRESSES_MAX} at most`);
  const addresses = Array.from({ length: count }, () => reader.ascii(HOST_BYTES_MAX, "an address"));
  const region = reader.ascii(PLACE_BYTES_MAX, "the region");
  const zone = reader.ascii(PLACE_BYTES_MAX, "the zone");
  const version = reader.ascii(VERSION_BYTES_MAX, "the version");
  const certificate = reader.block(NODE_RECORD_BYTES_MAX, "the certificate");
  const signedBytes = bytes.length - reader.left;
  const signature = reader.view(SIGNATURE_BYTES, "the signature");
  reader.finish("the signature");
  const facts = { addresses, nodePort, tlsPort, gossipPort, region, zone, version, startedAtMs, isAuthority };
  assertFacts(facts);
  return {
    facts,
    incarnation,
    certificate,
    signed: Buffer.concat([LABEL, bytes.subarray(0, signedBytes)]),
    signature,
  };
}

/** Throws INVALID_ARGUMENT with what is wrong with facts. */
function assertFacts(facts: NodeFacts): void {
  const { addresses, gossipPort, startedAtMs } = facts;
  if (addresses.length === 0 || addresses.length > NODE_ADDRESSES_MAX) {
    throw refused(`expected 1 to ${NODE_ADDRESSES_MAX} addresses, found ${addresses.length}`);
  }
  for (const address of addresses) {
    if (isHost(address) && address.length <= HOST_BYTES_MAX) continue;
    throw refused(
      `expected the name or IP address of one machine, at most ${HOST_BYTES_MAX} characters, found ` +
        JSON.stringify(address.slice(0, 64)),
    );
  }
  for (const name of ["nodePort", "tlsPort", "gossipPort"] as const) {
    const port = facts[name];
    const isPort = Number.isInteger(port) && port >= 0 && port <= PORT_MAX;
    if (!isPort) throw refused(`${name}: expected a port, found ${port}`);
  }
  if (gossipPort === 0) throw refused("gossipPort: expected a port, found 0");
  for (
    const [name, max] of [["region", PLACE_BYTES_MAX], ["zone", PLACE_BYTES_MAX], [
      "version",
      VERSION_BYTES_MAX,
    ]] as const
  ) {
    const text = facts[name];
    if (text.length > max || !/^[\x20-\x7e]*$/.test(text)) {
      throw refused(
        `${name}: expected at most ${max} printable ASCII characters, found ${JSON.stringify(text.slice(0, 64))}`,
      );
    }
  }
  if (!Number.isInteger(startedAtMs) || startedAtMs < 0 || startedAtMs >= 2 ** 48) {
    throw refused(`startedAtMs: expected milliseconds since 1970, found ${startedAtMs}`);
  }
}

function refused(why: string): CellError {
  return new CellError("INVALID_ARGUMENT", `describing a node: ${why}`);
}
