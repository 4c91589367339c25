import { createHash } from "node:crypto";
import { SECOND } from "../../../base/mod.ts";
import { INSTANCE_LIFETIME_MS } from "../node_identity.ts";
import { fingerprintOf } from "../trust.ts";
import { formatIdentity, type VerifiedIdentity } from "../identity_uri.ts";
import { formatToken } from "../join_token.ts";
import { keyIdOf, nodeIdOf } from "../node_id.ts";
import { createNodeRequest } from "../node_request.ts";
import { readPem } from "../pem.ts";
import { proveIdentity } from "../proof.ts";
import { CLOCK_TOLERANCE_MS } from "../refusal.ts";
import { tokenIdOf } from "../token_record.ts";
import { forge, type Forgery, SERVER } from "./forge.ts";
import {
  HOLDERS,
  keyOf,
  seedOf,
  VECTOR_TIME_MS,
  type VectorWorld,
  vectorWorld,
  withFixedSerials,
} from "./vector_world.ts";

/** A certificate that is checked at a time: who it belongs to, or why it is refused. */
export interface ChainVector {
  readonly name: string;
  readonly certificate: string;
  readonly authority: "authority" | "foreignAuthority";
  readonly nowMs: number;
  /** Ids of nodes that were removed. */
  readonly revoked: readonly string[];
  readonly identity?: VerifiedIdentity;
  readonly refused?: string;
}

const SECRET = Uint8Array.from({ length: 16 }, (_, index) => index);
const ADDRESSES = ["192.0.2.7:9043", "[2001:db8::7]:9043", "node.example:9043"];
const LEAF_ENDS_MS = VECTOR_TIME_MS + INSTANCE_LIFETIME_MS;
const LEAF_BEGINS_MS = VECTOR_TIME_MS - CLOCK_TOLERANCE_MS;

/** The text of `docs/vectors/identity.json`. */
export async function identityDocument(): Promise<string> {
  const world = await vectorWorld();
  const document = {
    timeMs: VECTOR_TIME_MS,
    keys: Object.fromEntries(HOLDERS.map((holder) => [holder, keyVector(holder)])),
    certificates: certificates(world),
    identities: [world.hello, world.web, world.command].map(({ identity: { nodeName: _, ...identity } }) => ({
      uri: formatIdentity(identity),
      ...identity,
    })),
    refusedIdentities: refusedIdentities(world),
    tokens: tokens(world),
    refusedTokens: refusedTokens(world),
    nodeRequests: [requestVector("ada", "ada"), requestVector("bob", "bob.example")],
    refusedNodeRequests: refusedRequests(),
    chains: await withFixedSerials(() => chains(world)),
    nodeSignatures: [nodeSignature(world)],
    proofs: proofs(world),
    revocations: [revocationVector(world)],
    refusedRevocations: refusedRevocations(world),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function keyVector(holder: (typeof HOLDERS)[number]) {
  const { publicKey } = keyOf(holder);
  return {
    seed: hex(seedOf(holder)),
    publicKey: hex(publicKey),
    id: nodeIdOf(publicKey),
    keyId: hex(keyIdOf(publicKey)),
    fingerprint: hex(fingerprintOf(publicKey)),
  };
}

function certificates(world: VectorWorld) {
  const { authority, ada, bob, hello, web, command, foreignAuthority, foreign, helloRenewed } = world;
  return {
    authority: hex(derOf(authority.certificatePem)),
    ada: hex(ada.certificate.der),
    bob: hex(bob.certificate.der),
    hello: hex(hello.certificate),
    web: hex(web.certificate),
    command: hex(command.certificate),
    foreignAuthority: hex(derOf(foreignAuthority.certificatePem)),
    foreign: hex(foreign.certificate),
    helloRenewed: hex(helloRenewed.certificate),
  };
}

function refusedIdentities({ ada: { clusterId, nodeId } }: VectorWorld): string[] {
  const node = `cell://${clusterId}/${nodeId}`;
  return [
    node,
    `${node}/hello/other@2`,
    `${node}/hello/hello@0`,
    `${node}/hello/hello@02`,
    `${node}/hello/hello@10000`,
    `${node}/hello/hello@2/x`,
    `${node}/Hello/Hello`,
    `${node}/hello-/hello-`,
    `${node}/cell/cell`,
    `${node}/cell/0`,
    `${node.toUpperCase()}/hello/hello`,
    `https://${clusterId}/${nodeId}/hello/hello`,
  ];
}

function tokens({ authority: { fingerprint } }: VectorWorld) {
  return [ADDRESSES, []].map((addresses) => ({
    text: formatToken({ fingerprint, secret: SECRET, addresses }),
    fingerprint: hex(fingerprint),
    secret: hex(SECRET),
    addresses,
    id: tokenIdOf(SECRET),
    secretHash: createHash("sha256").update("cell token secret\0").update(SECRET).digest("hex"),
  }));
}

function refusedTokens({ authority: { fingerprint } }: VectorWorld) {
  const text = formatToken({ fingerprint, secret: SECRET, addresses: ADDRESSES });
  const bytes = Buffer.from(text.slice("cell-".length), "base64url");
  const changed = (change: (content: Buffer) => Buffer): string => {
    const content = change(Buffer.from(bytes.subarray(0, -4)));
    const checksum = createHash("sha256").update(content).digest().subarray(0, 4);
    return `cell-${Buffer.concat([content, checksum]).toString("base64url")}`;
  };
  const withByte = (at: number, value: number) =>
    changed((content) => {
      content[at] = value;
      return content;
    });
  return [
    { text: text.slice("cell-".length), refused: "no token" },
    { text: text.slice(0, -10), refused: "cut off" },
    { text: `${text.slice(0, 30)}${text[30] === "A" ? "B" : "A"}${text.slice(31)}`, refused: "checksum" },
    { text: `${text.slice(0, 30)}=${text.slice(31)}`, refused: "character" },
    { text: withByte(0, 2), refused: "version" },
    { text: withByte(3 + 32 + 16, 9), refused: "content" },
    { text: withByte(3 + 32 + 16 + 2, 0x2f), refused: "content" },
  ];
}

function requestVector(holder: "ada" | "bob", name: string) {
  const key = keyOf(holder);
  return {
    request: hex(createNodeRequest(key, name)),
    publicKey: hex(key.publicKey),
    name,
    id: nodeIdOf(key.publicKey),
  };
}

function refusedRequests() {
  const request = createNodeRequest(keyOf("ada"), "ada");
  return [
    { request: hex(flipped(request, request.length - 1)), refused: "signature" },
    { request: hex(flipped(request, 32)), refused: "signature" },
    { request: hex(request.subarray(0, 32 + 64)), refused: "length" },
    { request: hex(new Uint8Array(160)), refused: "length" },
  ];
}

async function chains(world: VectorWorld): Promise<ChainVector[]> {
  const { ada, bob, hello, web, command, foreign } = world;
  const common = { authority: "authority", nowMs: VECTOR_TIME_MS, revoked: [] } as const;
  const taken = (name: string, { certificate, identity }: typeof hello, changes: Partial<ChainVector> = {}) => ({
    name,
    certificate: hex(certificate),
    ...common,
    ...changes,
    identity,
  });
  const refused = (
    name: string,
    why: string,
    certificate: Uint8Array,
    changes: Partial<ChainVector> = {},
  ): ChainVector => ({ name, certificate: hex(certificate), ...common, ...changes, refused: why });
  const uri = formatIdentity(hello.identity);
  const leaf: Forgery = {
    publicKey: keyOf("hello").publicKey,
    signer: keyOf("ada"),
    issuer: "ada",
    uri,
    nodeCertificate: ada.certificate.der,
    notBeforeMs: LEAF_BEGINS_MS,
    notAfterMs: LEAF_ENDS_MS,
  };
  const forged = (changes: Partial<Forgery>) => forge({ ...leaf, ...changes });
  const pathLengthOne = await forge({
    publicKey: keyOf("ada").publicKey,
    signer: keyOf("authority"),
    issuer: `cell cluster ${world.authority.clusterId}`,
    name: "ada",
    uri: `cell://${ada.clusterId}/${ada.nodeId}`,
    isIssuer: true,
    pathLength: 1,
    keyUsage: 0b100001,
    notBeforeMs: LEAF_BEGINS_MS,
    notAfterMs: LEAF_ENDS_MS,
  });
  return [
    taken("an instance that was deployed", hello),
    taken("an instance that is the only one of its service", web),
    taken("a command at a shell", command),
    taken("the last moment", hello, { nowMs: LEAF_ENDS_MS + CLOCK_TOLERANCE_MS }),
    taken("the first moment", hello, { nowMs: LEAF_BEGINS_MS - CLOCK_TOLERANCE_MS }),
    taken("another node was removed", hello, { revoked: [bob.nodeId] }),
    taken("of the other cluster, for that cluster", foreign, { authority: "foreignAuthority" }),
    refused("a second too late", "expired", hello.certificate, {
      nowMs: LEAF_ENDS_MS + CLOCK_TOLERANCE_MS + 1 * SECOND,
    }),
    refused("a second too early", "not yet valid", hello.certificate, {
      nowMs: LEAF_BEGINS_MS - CLOCK_TOLERANCE_MS - 1 * SECOND,
    }),
    refused("its node was removed", "revoked", hello.certificate, { revoked: [ada.nodeId] }),
    refused("of another cluster", "another cluster", foreign.certificate),
    refused("a node's own certificate", "no instance", ada.certificate.der),
    refused("an authority's certificate", "no instance", derOf(world.authority.certificatePem)),
    refused("without its node's certificate inside", "no instance", await forged({ nodeCertificate: undefined })),
    refused(
      "signed by one node, naming another",
      "another node",
      await forged({
        signer: keyOf("bob"),
        issuer: "bob.example",
        nodeCertificate: bob.certificate.der,
      }),
    ),
    refused(
      "another node's certificate inside than the one that signed",
      "signature",
      await forged({
        signer: keyOf("bob"),
        issuer: "bob.example",
      }),
    ),
    refused("a changed signature", "signature", flipped(hello.certificate, hello.certificate.length - 1)),
    refused("an issuer's name that is not its node's", "signature", await forged({ issuer: "bob.example" })),
    refused("a node that may issue nodes", "no node", await forged({ nodeCertificate: pathLengthOne })),
    refused("a URI that names no instance", "URI", await forged({ uri: `${uri}0000` })),
    refused("for servers only", "use", await forged({ extendedKeyUsage: [SERVER] })),
    refused("without the key usage digital signature", "use", await forged({ keyUsage: 0b100 })),
    refused(
      "an unknown extension that is critical",
      "form",
      await forged({
        more: [Buffer.from("300c06032a03040101ff04020500", "hex")],
      }),
    ),
    refused("a byte too many", "form", Buffer.concat([hello.certificate, new Uint8Array(1)])),
    refused("nothing", "form", new Uint8Array(0)),
  ];
}

function nodeSignature({ ada }: VectorWorld) {
  const bytes = Buffer.from("what a node says");
  return { publicKey: hex(ada.publicKey), bytes: hex(bytes), signature: hex(ada.sign(bytes)) };
}

function proofs({ hello, web, ada }: VectorWorld) {
  const proof = proveIdentity(web, hello.certificate);
  const common = { serverCertificate: hex(hello.certificate) };
  return [
    { name: "a client to the server that it sees", ...common, proof: hex(proof), identity: web.identity },
    {
      name: "made for another server",
      serverCertificate: hex(ada.certificate.der),
      proof: hex(proof),
      refused: "signature",
    },
    { name: "a changed signature", ...common, proof: hex(flipped(proof, 0)), refused: "signature" },
    {
      name: "a certificate of a node",
      ...common,
      proof: hex(withCertificate(proof, ada.certificate.der)),
      refused: "no instance",
    },
    { name: "a signature and no certificate", ...common, proof: hex(proof.subarray(0, 64)), refused: "length" },
  ];
}

function withCertificate(proof: Uint8Array, certificate: Uint8Array): Uint8Array {
  return Buffer.concat([proof.subarray(0, 64), certificate]);
}

function revocationVector({ authority, ada, bob }: VectorWorld) {
  const revocation = authority.revoke(bob.nodeId, ada.nodeId, VECTOR_TIME_MS);
  return { revocation: hex(revocation), node: bob.nodeId, by: ada.nodeId, revokedAtMs: VECTOR_TIME_MS };
}

function refusedRevocations({ authority, foreignAuthority, ada, bob }: VectorWorld) {
  const revocation = authority.revoke(bob.nodeId, ada.nodeId, VECTOR_TIME_MS);
  return [
    { revocation: hex(flipped(revocation, 0)), refused: "signature" },
    { revocation: hex(foreignAuthority.revoke(bob.nodeId, ada.nodeId, VECTOR_TIME_MS)), refused: "signature" },
    { revocation: hex(revocation.subarray(1)), refused: "length" },
  ];
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at]! ^= 1;
  return changed;
}

function derOf(pem: string): Uint8Array {
  return readPem(pem, "CERTIFICATE")[0]!;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
