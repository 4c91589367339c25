import { CellError, MINUTE } from "../../base/mod.ts";
import type { NodeId } from "./node_id.ts";
import { NODE_LIFETIME_MS } from "./authority.ts";
import { readRevocation, type Revocation, REVOCATION_BYTES } from "./revocation.ts";

/** A cluster remembers no more revoked nodes at a time. */
export const REVOCATIONS_MAX = 1024;
/** After this, with a day for clocks and delays, the last certificate of a revoked node has expired by itself. */
export const REVOCATION_LIFETIME_MS = NODE_LIFETIME_MS + 24 * 60 * MINUTE;

interface Entry extends Revocation {
  readonly bytes: Uint8Array;
}

/**
 * Which nodes are revoked. The sets of all nodes become the same, in whatever order they hear of revocations: of one node
 * the latest revocation counts, of too many the latest are kept, and what nobody needs any more is dropped by its age.
 */
export class RevocationSet {
  private entries = new Map<NodeId, Entry>();

  constructor(private readonly authorityPublicKey: Uint8Array) {}

  get size(): number {
    return this.entries.size;
  }

  has(node: NodeId): boolean {
    return this.entries.has(node);
  }

  /** The revocation of one node as the authority signed it, for `merge` on another. */
  bytesOf(node: NodeId): Uint8Array | undefined {
    return this.entries.get(node)?.bytes;
  }

  /** The revoked nodes, in no order. */
  nodes(): NodeId[] {
    return [...this.entries.keys()];
  }

  get(node: NodeId): Revocation | undefined {
    return this.entries.get(node);
  }

  /**
   * Takes over what is news of the bytes that `encode` gave, or of one revocation, and gives it. What is cut off or too old
   * is passed over. Nothing is looked at behind what the authority has not signed, nor more than REVOCATIONS_MAX at a time.
   */
  merge(bytes: Uint8Array, nowMs: number): Revocation[] {
    const news: Revocation[] = [];
    const end = Math.min(bytes.length, REVOCATIONS_MAX * REVOCATION_BYTES);
    for (let offset = 0; offset + REVOCATION_BYTES <= end; offset += REVOCATION_BYTES) {
      const slice = Uint8Array.from(bytes.subarray(offset, offset + REVOCATION_BYTES));
      if (this.isKnown(slice)) continue;
      const revocation = readRevocation(slice, this.authorityPublicKey);
      if (revocation === undefined) break;
      if (isOver(revocation, nowMs)) continue;
      const entry = { ...revocation, bytes: slice };
      const known = this.entries.get(entry.node);
      if (known !== undefined && compare(entry, known) <= 0) continue;
      this.entries.set(entry.node, entry);
      if (this.entries.size > REVOCATIONS_MAX) this.dropEarliest();
      if (this.entries.get(entry.node) === entry) news.push(revocation);
    }
    return news;
  }

  /** Adds what this node itself has decided. Throws RESOURCE_EXHAUSTED when an earlier one would be dropped for it. */
  add(bytes: Uint8Array, nowMs: number): void {
    this.prune(nowMs);
    if (this.entries.size >= REVOCATIONS_MAX) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `revoking one more node: ${REVOCATIONS_MAX} are revoked already. Each is forgotten when its certificate has ` +
          "expired; to be rid of all at once, found a new cluster.",
      );
    }
    this.merge(bytes, nowMs);
  }

  /** Forgets what is older than REVOCATION_LIFETIME_MS. */
  prune(nowMs: number): void {
    for (const [node, entry] of this.entries) if (isOver(entry, nowMs)) this.entries.delete(node);
  }

  /** All of it, for `merge` on another node and for a file: the same bytes for the same set. */
  encode(): Uint8Array {
    return Buffer.concat([...this.entries.values()].sort(compare).map(({ bytes }) => bytes));
  }

  /** Spares the check of a signature that was checked before. */
  private isKnown(bytes: Uint8Array): boolean {
    const node = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString("hex");
    const known = this.entries.get(node);
    return known !== undefined && Buffer.compare(known.bytes, bytes) === 0;
  }

  private dropEarliest(): void {
    const [earliest] = [...this.entries.values()].sort(compare);
    if (earliest !== undefined) this.entries.delete(earliest.node);
  }
}

function isOver({ revokedAtMs }: Revocation, nowMs: number): boolean {
  return revokedAtMs + REVOCATION_LIFETIME_MS < nowMs;
}

/** The order by which the latest are kept: time, then the bytes, so that all nodes keep the same. */
function compare(one: Entry, other: Entry): number {
  return one.revokedAtMs - other.revokedAtMs || Buffer.compare(one.bytes, other.bytes);
}
