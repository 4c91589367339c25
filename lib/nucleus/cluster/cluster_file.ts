import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CellError, errorCode, SECOND, toCellError } from "../../base/mod.ts";

/** More is no file of ours. */
const FILE_BYTES_MAX = 1024 * 1024;
const FILE_MODE = 0o600;
const FORMAT = 1;
/** What the system says when there is no room for a file. */
const FULL_DISK: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
/** What is noted is on the disk after this: a write waits for the disk twice, and gossip has news many times a second. */
const NOTE_MS = 1 * SECOND;
/** A disk that was full is tried again after this. */
const NOTE_AGAIN_MS = 30 * SECOND;

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

/** How a membership ended: by `leave`, or because the others took it away. */
export type Departure = "" | "left" | "removed";

/** What a node has to remember of its cluster beside keys and certificates. */
export interface ClusterMemory {
  /** The id of the cluster that all of this is about; empty before there was one. */
  readonly cluster: string;
  /** Whether the node listens to the network. */
  readonly network: boolean;
  /** How this node's last membership ended; empty while it lasts, and before the first. */
  readonly departure: Departure;
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
  cluster: "",
  network: false,
  departure: "",
  tokens: [],
  nodePort: 0,
  gossipPort: 0,
  contacts: [],
  gossipKeys: "",
  revocations: "",
};

/** What the file holds. */
interface Document {
  readonly memory: ClusterMemory;
  /** What holds instead as soon as this node's identity is of its cluster. */
  readonly next: ClusterMemory | undefined;
}

/**
 * `keys/cluster.json`: what the node remembers of its cluster across restarts. Replaced as a whole, so that a crash leaves
 * the old or the new one; what `update` returned from is there after a loss of power.
 *
 * Who this node is lies in another file. A machine that joins first prepares here what it will remember, then becomes
 * somebody else there, and settles here: wherever that is interrupted, what holds is what fits the identity.
 */
export class ClusterFile {
  #document: Document | undefined;
  /** Changes that are noted and not yet written. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isTold = false;

  constructor(private readonly path: string, private readonly log: (line: string) => void = () => {}) {}

  /** Read at the first need. Throws FAILED_PRECONDITION, naming the file and what to do, when it cannot be used. */
  get memory(): ClusterMemory {
    return this.#read().memory;
  }

  /** Whether a join was prepared and not settled: something interrupted it. */
  get isUnsettled(): boolean {
    return this.#read().next !== undefined;
  }

  /** Changes what is given, durably. Throws FAILED_PRECONDITION, RESOURCE_EXHAUSTED, and then nothing has changed. */
  update(change: Partial<ClusterMemory>): void {
    const { memory, next } = this.#read();
    this.#write({ memory: { ...memory, ...change }, next });
  }

  /** Changes what is given, at once here and soon on the disk. A disk that cannot take it is told of and tried again. */
  note(change: Partial<ClusterMemory>): void {
    const { memory, next } = this.#read();
    this.#document = { memory: { ...memory, ...change }, next };
    this.#writeAfter(NOTE_MS);
  }

  /** Makes durable what was noted. Throws as `update` does; then it is still noted. */
  flush(): void {
    if (this.#timer !== undefined) this.#write(this.#read());
  }

  /** Durably: this is remembered from when this node is of the cluster `change.cluster`. Throws as `update` does. */
  prepare(change: Partial<ClusterMemory> & Pick<ClusterMemory, "cluster">): void {
    const { memory } = this.#read();
    const { nodePort, gossipPort } = memory;
    this.#write({ memory, next: { ...NOTHING, nodePort, gossipPort, ...change } });
  }

  /**
   * This node is of `cluster`: what was prepared for it holds, what was prepared for another or is about another is
   * forgotten, but for the ports and whether there is a network. Throws as `update` does.
   */
  settle(cluster: string): void {
    const { memory, next } = this.#read();
    if (memory.cluster === cluster && next === undefined) return;
    this.#write({ memory: settled(memory, next, cluster), next: undefined });
  }

  #read(): Document {
    return this.#document ??= read(this.path);
  }

  #write(document: Document): void {
    const { memory, next } = document;
    write(this.path, `${JSON.stringify({ format: FORMAT, ...memory, ...(next && { next }) }, null, 2)}\n`);
    this.#document = document;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isTold = false;
  }

  #writeAfter(delayMs: number): void {
    this.#timer ??= setTimeout(() => this.#writeOrTell(), delayMs);
    this.#timer.unref();
  }

  #writeOrTell(): void {
    try {
      this.#write(this.#read());
    } catch (error) {
      if (!this.#isTold) this.log(`error: ${toCellError(error).message}. It is tried again until it succeeds.`);
      this.#isTold = true;
      this.#timer = undefined;
      this.#writeAfter(NOTE_AGAIN_MS);
    }
  }
}

function settled(memory: ClusterMemory, next: ClusterMemory | undefined, cluster: string): ClusterMemory {
  if (next?.cluster === cluster) return next;
  if (memory.cluster === cluster || memory.cluster === "") return { ...memory, cluster };
  const { network, nodePort, gossipPort } = memory;
  return { ...NOTHING, cluster, network, nodePort, gossipPort };
}

function read(path: string): Document {
  let text: string;
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw unusable(path, `expected at most ${FILE_BYTES_MAX} bytes`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { memory: NOTHING, next: undefined };
    throw error instanceof CellError ? error : unusable(path, String(error), error);
  }
  try {
    const document = JSON.parse(text) as { [key: string]: unknown };
    const { format, next } = document;
    if (format !== FORMAT) throw new Error(`expected format ${FORMAT}, found ${JSON.stringify(format)}`);
    return { memory: checked(document), next: next === undefined ? undefined : checked(next) };
  } catch (error) {
    throw unusable(path, (error as Error).message, error);
  }
}

function checked(document: unknown): ClusterMemory {
  const { cluster, network, departure = "", tokens, nodePort, gossipPort, contacts, gossipKeys, revocations } =
    document as { [key: string]: unknown };
  if (!isText(cluster)) throw new Error("cluster: expected text");
  if (typeof network !== "boolean") throw new Error("network: expected true or false");
  if (!isDeparture(departure)) throw new Error('departure: expected "", "left" or "removed"');
  if (!isText(gossipKeys)) throw new Error("gossipKeys: expected text");
  if (!isText(revocations)) throw new Error("revocations: expected text");
  return {
    cluster,
    network,
    departure,
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

function isDeparture(value: unknown): value is Departure {
  return value === "" || value === "left" || value === "removed";
}

function isToken(value: unknown): value is StoredToken {
  if (typeof value !== "object" || value === null) return false;
  const { id, secretHash, seekKey, expiresAtMs, usesLeft } = value as { [key: string]: unknown };
  return isText(id) && isText(secretHash) && isText(seekKey) && typeof expiresAtMs === "number" &&
    Number.isInteger(usesLeft);
}

function write(path: string, text: string): void {
  // One agent writes it: what a crash left is written over.
  const temporary = `${path}.new`;
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
    const isFull = FULL_DISK.has(errorCode(error) ?? "");
    const why = isFull ? "the disk is full. Make room and try again." : (error as Error).message;
    throw new CellError(isFull ? "RESOURCE_EXHAUSTED" : "FAILED_PRECONDITION", `writing ${path}: ${why}`, {
      cause: error,
    });
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
