import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CellError, errorCode } from "../../base/mod.ts";

/** More is no file of ours. */
const FILE_BYTES_MAX = 1024 * 1024;
const FILE_MODE = 0o600;
const FORMAT = 1;

/** A token that was made on this node, without its secret. */
export interface StoredToken {
  readonly id: string;
  /** Base64. */
  readonly secretHash: string;
  /** Base64: what a machine that looks for the cluster on the LAN seals its question with, made from the secret. */
  readonly seekKey: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
  readonly usesLeft: number;
}

/** What a node has to remember of its cluster beside keys and certificates. */
export interface ClusterMemory {
  /** Whether the node listens to the network. */
  readonly network: boolean;
  readonly tokens: readonly StoredToken[];
  /** Where this node listened last: the others remember that. 0 before it did. */
  readonly nodePort: number;
  readonly gossipPort: number;
  /** Where other nodes gossiped last, as the gossip room writes it. */
  readonly contacts: readonly string[];
  /** Base64: the keys of datagrams, as the gossip room encodes them; empty before there are any. */
  readonly gossipKeys: string;
  /** Base64: nodes that were removed, each with the authority's signature. */
  readonly revocations: string;
}

const NOTHING: ClusterMemory = {
  network: false,
  tokens: [],
  nodePort: 0,
  gossipPort: 0,
  contacts: [],
  gossipKeys: "",
  revocations: "",
};

/**
 * `keys/cluster.json`: what the node remembers of its cluster across restarts. Replaced as a whole, so that a crash leaves
 * the old or the new one; what `update` returned from is there after a loss of power.
 */
export class ClusterFile {
  #memory: ClusterMemory | undefined;

  constructor(private readonly path: string) {}

  /** Read at the first need. Throws FAILED_PRECONDITION, naming the file and what to do, when it cannot be used. */
  get memory(): ClusterMemory {
    return this.#memory ??= read(this.path);
  }

  /** Changes what is given. Throws FAILED_PRECONDITION, and then nothing has changed. */
  update(change: Partial<ClusterMemory>): void {
    const memory = { ...this.memory, ...change };
    write(this.path, `${JSON.stringify({ format: FORMAT, ...memory }, null, 2)}\n`);
    this.#memory = memory;
  }
}

function read(path: string): ClusterMemory {
  let text: string;
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw unusable(path, `expected at most ${FILE_BYTES_MAX} bytes`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return NOTHING;
    throw error instanceof CellError ? error : unusable(path, String(error), error);
  }
  try {
    return checked(JSON.parse(text));
  } catch (error) {
    throw unusable(path, (error as Error).message, error);
  }
}

function checked(document: unknown): ClusterMemory {
  const { format, network, tokens, nodePort, gossipPort, contacts, gossipKeys, revocations } = document as {
    [key: string]: unknown;
  };
  if (format !== FORMAT) throw new Error(`expected format ${FORMAT}, found ${JSON.stringify(format)}`);
  if (typeof network !== "boolean") throw new Error("network: expected true or false");
  if (!isText(gossipKeys)) throw new Error("gossipKeys: expected text");
  if (!isText(revocations)) throw new Error("revocations: expected text");
  return {
    network,
    nodePort: portOf("nodePort", nodePort),
    gossipPort: portOf("gossipPort", gossipPort),
    gossipKeys,
    revocations,
    tokens: listOf("tokens", tokens, isToken),
    contacts: listOf("contacts", contacts, isText),
  };
}

function listOf<T>(key: string, value: unknown, isElement: (element: unknown) => element is T): T[] {
  if (Array.isArray(value) && value.every(isElement)) return value;
  throw new Error(`${key}: found something else than what belongs there`);
}

function portOf(key: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new Error(`${key}: expected a port`);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isToken(value: unknown): value is StoredToken {
  if (typeof value !== "object" || value === null) return false;
  const { id, secretHash, seekKey, expiresAtMs, usesLeft } = value as { [key: string]: unknown };
  return isText(id) && isText(secretHash) && isText(seekKey) && typeof expiresAtMs === "number" &&
    Number.isInteger(usesLeft);
}

function write(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  try {
    const fd = openSync(temporary, "w", FILE_MODE);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CellError("FAILED_PRECONDITION", `writing ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A name that survives a loss of power is in a directory that was synced. */
function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function unusable(path: string, why: string, cause?: unknown): CellError {
  const advice =
    "Remove it: the node forgets its tokens and whom it knows, and joins its cluster again with cell join.";
  return new CellError("FAILED_PRECONDITION", `reading ${path}: ${why}. ${advice}`, { cause });
}
