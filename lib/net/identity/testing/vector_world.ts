import { Authority, AUTHORITY_LIFETIME_MS } from "../authority.ts";
import { createCredentials, type Credentials } from "../credentials.ts";
import { issueCertificate } from "../issue_certificate.ts";
import { type KeyPair, readPrivateKey } from "../keys.ts";
import { nodeIdOf } from "../node_id.ts";
import { INSTANCE_LIFETIME_MS, NodeIdentity } from "../node_identity.ts";
import { createNodeRequest } from "../node_request.ts";
import { formatPem } from "../pem.ts";
import { CLOCK_TOLERANCE_MS } from "../refusal.ts";

/** When everything of the golden vectors is made: 2027-01-15, 08:00 UTC. */
export const VECTOR_TIME_MS = 1_800_000_000_000;

const SEED_BYTES = 32;
/** What stands before the seed in an Ed25519 key's PKCS#8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SERIAL_FIRST_BYTE = 0x40;

/** The keys of the golden vectors: each is 32 times one byte. Nobody else may use them. */
const SEED_BYTE = {
  authority: 1,
  ada: 2,
  bob: 3,
  hello: 4,
  web: 5,
  command: 6,
  foreignAuthority: 7,
  eve: 8,
  foreign: 9,
  helloRenewed: 10,
};

/** Who has a key in the golden vectors. */
export type Holder = keyof typeof SEED_BYTE;
/** All of them. */
export const HOLDERS = Object.keys(SEED_BYTE) as Holder[];

/** Two nodes of one cluster with instances on them, and somebody of another cluster: the same bytes at every start. */
export interface VectorWorld {
  readonly authority: Authority;
  readonly ada: NodeIdentity;
  readonly bob: NodeIdentity;
  /** hello@2 on ada. */
  readonly hello: Credentials;
  /** The same half an hour later, with another key. */
  readonly helloRenewed: Credentials;
  /** web on bob. */
  readonly web: Credentials;
  /** A command at a shell on bob. */
  readonly command: Credentials;
  readonly foreignAuthority: Authority;
  /** hello@2 on a node of the other cluster. */
  readonly foreign: Credentials;
}

let world: Promise<VectorWorld> | undefined;

/** Makes it once. */
export function vectorWorld(): Promise<VectorWorld> {
  return world ??= withFixedSerials(makeWorld);
}

/** The seed of a key: its private half. */
export function seedOf(holder: Holder): Uint8Array {
  return new Uint8Array(SEED_BYTES).fill(SEED_BYTE[holder]);
}

/** The key of somebody in the golden vectors. */
export function keyOf(holder: Holder): KeyPair {
  return readPrivateKey(formatPem("PRIVATE KEY", Buffer.concat([PKCS8_PREFIX, seedOf(holder)])));
}

/** Lets certificates that `make` issues have serial numbers that count up instead of random ones. */
export async function withFixedSerials<T>(make: () => Promise<T>): Promise<T> {
  await import("../x509.ts");
  const { cryptoProvider } = await import("@peculiar/x509");
  let count = 0;
  const getRandomValues = (bytes: Uint8Array): Uint8Array => {
    bytes.fill(0);
    bytes[0] = SERIAL_FIRST_BYTE;
    bytes[bytes.length - 1] = ++count;
    return bytes;
  };
  cryptoProvider.set({ subtle: crypto.subtle, getRandomValues } as unknown as Crypto);
  try {
    return await make();
  } finally {
    cryptoProvider.set(crypto);
  }
}

async function makeWorld(): Promise<VectorWorld> {
  const authority = await foundWith(keyOf("authority"));
  const ada = await admitWith(authority, keyOf("ada"), "ada");
  const bob = await admitWith(authority, keyOf("bob"), "bob.example");
  const foreignAuthority = await foundWith(keyOf("foreignAuthority"));
  const eve = await admitWith(foreignAuthority, keyOf("eve"), "eve");
  return {
    authority,
    ada,
    bob,
    hello: await certifyWith(ada, keyOf("hello"), "hello", "hello@2"),
    web: await certifyWith(bob, keyOf("web"), "web", "web"),
    command: await certifyWith(bob, keyOf("command"), "cell", "4242"),
    foreignAuthority,
    foreign: await certifyWith(eve, keyOf("foreign"), "hello", "hello@2"),
    helloRenewed: await certifyWith(ada, keyOf("helloRenewed"), "hello", "hello@2", INSTANCE_LIFETIME_MS / 2),
  };
}

/** As `createAuthority` does, which makes its key itself. */
async function foundWith(key: KeyPair): Promise<Authority> {
  const name = `cell cluster ${nodeIdOf(key.publicKey)}`;
  const { der } = await issueCertificate({
    name,
    publicKey: key.publicKey,
    notBeforeMs: VECTOR_TIME_MS - CLOCK_TOLERANCE_MS,
    notAfterMs: VECTOR_TIME_MS + AUTHORITY_LIFETIME_MS,
    pathLength: 1,
  }, { name, key });
  return new Authority(key, formatPem("CERTIFICATE", der));
}

async function admitWith(authority: Authority, key: KeyPair, name: string): Promise<NodeIdentity> {
  const { certificatePem } = await authority.issueNode(createNodeRequest(key, name), VECTOR_TIME_MS);
  return new NodeIdentity(key, certificatePem, authority.certificatePem);
}

async function certifyWith(
  node: NodeIdentity,
  key: KeyPair,
  service: string,
  instance: string,
  laterMs = 0,
): Promise<Credentials> {
  const nowMs = VECTOR_TIME_MS + laterMs;
  const issued = await node.issueInstance({ publicKey: key.publicKey, service, instance }, nowMs);
  return createCredentials(key, issued, node.authorityPem, nowMs);
}
