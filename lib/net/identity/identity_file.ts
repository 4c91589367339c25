import { CellError } from "../../base/mod.ts";
import { Authority, createAuthority } from "./authority.ts";
import { KeyFolder } from "./key_folder.ts";
import { createKeyPair, type KeyPair, privateKeyPem, readPrivateKey } from "./keys.ts";
import { NodeIdentity } from "./node_identity.ts";
import { createNodeRequest } from "./node_request.ts";
import { formatPem, PEM_BYTES_MAX, type PemBlock, readPemBlocks } from "./pem.ts";

const FILE_NAME = "identity.pem";
const PRIVATE_KEY = "PRIVATE KEY";
const CERTIFICATE = "CERTIFICATE";
/** In this order: the node's key and certificate, the authority's certificate, and its key where this node has it. */
const LABELS = [PRIVATE_KEY, CERTIFICATE, CERTIFICATE, PRIVATE_KEY];
const LABELS_MIN = 3;

/** This machine in its cluster, as its file says. */
export interface StoredIdentity {
  readonly node: NodeIdentity;
  /** Only where this node holds the authority's key: it can admit and revoke nodes. */
  readonly authority: Authority | undefined;
}

/** What a machine has when it was admitted, and when its certificate was renewed. */
export interface AdoptedIdentity {
  readonly key: KeyPair;
  readonly certificatePem: string;
  readonly authorityPem: string;
}

/**
 * Reads who this machine is from `identity.pem` in the folder of keys; undefined where it is nobody yet. An expired
 * certificate is no error. Throws PERMISSION_DENIED when others can read the file, FAILED_PRECONDITION when it is damaged.
 */
export function loadIdentity(folder: string | KeyFolder): StoredIdentity | undefined {
  const keys = folderOf(folder);
  const bytes = keys.read(FILE_NAME, PEM_BYTES_MAX);
  if (bytes === undefined) return undefined;
  try {
    return parse(readPemBlocks(Buffer.from(bytes).toString("latin1")));
  } catch (error) {
    throw new CellError(
      "FAILED_PRECONDITION",
      `reading ${keys.path}/${FILE_NAME}: ${
        (error as Error).message
      }. Restore it from a copy; or move it away and join again.`,
      { cause: error },
    );
  }
}

/**
 * Makes this machine the first of a new cluster, unless it is of one already: its key, the authority, and the node's
 * certificate. Of two processes that do so at once, both get what one of them has written. Throws as `loadIdentity` and
 * when it cannot write, INVALID_ARGUMENT for a name that no node may have.
 */
export async function initIdentity(folder: string | KeyFolder, name: string, nowMs: number): Promise<StoredIdentity> {
  const keys = folderOf(folder);
  const found = loadIdentity(keys);
  if (found !== undefined) return found;
  const key = createKeyPair();
  const request = createNodeRequest(key, name);
  const authority = await createAuthority(nowMs);
  const { certificatePem } = await authority.issueNode(request, nowMs);
  const made = { node: new NodeIdentity(key, certificatePem, authority.certificatePem), authority };
  if (keys.create(FILE_NAME, format(made))) return made;
  const winner = loadIdentity(keys);
  if (winner !== undefined) return winner;
  throw new CellError("ABORTED", `making ${keys.path}/${FILE_NAME}: somebody made it and removed it again. Try again.`);
}

/**
 * Makes this machine a member of the cluster that admitted it, or renews its certificate: all at once, or nothing if it is
 * interrupted. The key of the cluster's own authority stays, if it is here; that of another cluster's is kept in a file
 * `identity-CLUSTER.pem`, for nobody else may have it. Throws INVALID_ARGUMENT when key and certificates do not fit each
 * other, and as `loadIdentity`.
 */
export function adoptIdentity(folder: string | KeyFolder, adopted: AdoptedIdentity): StoredIdentity {
  const keys = folderOf(folder);
  const node = new NodeIdentity(adopted.key, adopted.certificatePem, adopted.authorityPem);
  const before = loadIdentity(keys)?.authority;
  const authority = before?.clusterId === node.clusterId ? before : undefined;
  if (before !== undefined && authority === undefined) keys.keep(FILE_NAME, `identity-${before.clusterId}.pem`);
  const stored = { node, authority };
  keys.replace(FILE_NAME, format(stored));
  return stored;
}

function folderOf(folder: string | KeyFolder): KeyFolder {
  return typeof folder === "string" ? new KeyFolder(folder) : folder;
}

function format({ node, authority }: StoredIdentity): Uint8Array {
  const parts = [
    `The key of node ${node.nodeId} (${node.name}). Whoever has it is this node.\n`,
    privateKeyPem(node.key),
    "Its certificate, and that of the cluster's authority:\n",
    node.certificatePem,
    node.authorityPem,
  ];
  if (authority !== undefined) {
    parts.push("The key of the cluster's authority. Whoever has it admits nodes. Keep a copy in a safe.\n");
    parts.push(privateKeyPem(authority.key));
  }
  return Buffer.from(parts.join(""), "latin1");
}

/** Throws INVALID_ARGUMENT unless the pieces are what `format` writes, and belong together. */
function parse(blocks: PemBlock[]): StoredIdentity {
  const labels = blocks.map(({ label }) => label).join(", ");
  const [key, certificate, authorityCertificate, authorityKey] = blocks;
  const isInOrder = blocks.length >= LABELS_MIN && labels === LABELS.slice(0, blocks.length).join(", ");
  if (!isInOrder || key === undefined || certificate === undefined || authorityCertificate === undefined) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `expected ${LABELS.join(", ")} (the last if it has it), found ${labels || "nothing"}`,
    );
  }
  const [nodePem, authorityPem] = [certificate, authorityCertificate].map(({ bytes }) => formatPem(CERTIFICATE, bytes));
  const node = new NodeIdentity(readPrivateKey(pemOf(key)), nodePem ?? "", authorityPem ?? "");
  if (authorityKey === undefined) return { node, authority: undefined };
  return { node, authority: new Authority(readPrivateKey(pemOf(authorityKey)), node.authorityPem) };
}

function pemOf({ label, bytes }: PemBlock): string {
  return formatPem(label, bytes);
}
