import { ByteReader, MalformedError } from "../base/mod.ts";
import {
  type Certificate,
  CLOCK_TOLERANCE_MS,
  type NodeId,
  nodeIdOf,
  type Trust,
  verifyNode,
  verifyNodeSignature,
} from "../net/identity/mod.ts";
import { decodeRecord, type NodeRecord } from "./node_record.ts";

/** Records that are kept read, and certificates that are known to be the authority's: more than a cluster has members. */
export const RECORDS_KEPT_MAX = 12_000;

interface KnownNode {
  readonly certificate: Certificate;
  /** As it came, and what it says. */
  readonly bytes: Uint8Array;
  readonly record: NodeRecord;
}

/**
 * Reads and checks the records of nodes, and remembers what it has checked: a signature costs 60 us, and the same record comes
 * many times. What can change without the bytes (the time, revocations) is looked at every time.
 */
export class RecordBook {
  /** The one that changed least recently comes first. */
  readonly #nodes = new Map<NodeId, KnownNode>();
  /** Why the last record was refused, for a log line. */
  lastRefusal: string | undefined;

  constructor(private readonly trust: Trust, private readonly recordsMax = RECORDS_KEPT_MAX) {}

  get size(): number {
    return this.#nodes.size;
  }

  /**
   * What a record of node `id` says; undefined when it is malformed, forged, expired, of another node or cluster, or
   * revoked. `lastRefusal` says why.
   */
  read(id: NodeId, bytes: Uint8Array, nowMs: number): NodeRecord | undefined {
    try {
      return this.#read(id, bytes, nowMs);
    } catch (error) {
      this.lastRefusal = (error as Error).message;
      return undefined;
    }
  }

  /** The newest record that was read of a node. */
  of(id: NodeId): NodeRecord | undefined {
    return this.#nodes.get(id)?.record;
  }

  /** Whether this node signed `bytes`; false for a node of which no record was read. */
  isSignedBy(id: NodeId, bytes: Uint8Array, signature: Uint8Array): boolean {
    const known = this.#nodes.get(id);
    return known !== undefined && verifyNodeSignature(known.certificate.publicKey, bytes, signature);
  }

  forget(id: NodeId): void {
    this.#nodes.delete(id);
  }

  #read(id: NodeId, bytes: Uint8Array, nowMs: number): NodeRecord {
    const known = this.#nodes.get(id);
    if (known !== undefined && isEqual(known.bytes, bytes)) {
      if (!this.#isStillGood(known, nowMs)) verifyNode(known.certificate.der, this.trust, nowMs, `node ${id}`);
      return known.record;
    }
    const { certificate: der, facts, incarnation, signed, signature } = decodeRecord(new ByteReader(bytes), bytes);
    const certificate = known !== undefined && isEqual(known.certificate.der, der) && this.#isStillGood(known, nowMs)
      ? known.certificate
      : verifyNode(der, this.trust, nowMs, `the node at ${facts.addresses[0]}`).certificate;
    if (nodeIdOf(certificate.publicKey) !== id) throw new MalformedError(`the record of node ${id} is another node's`);
    if (!verifyNodeSignature(certificate.publicKey, signed, signature)) {
      throw new MalformedError(`the record of node ${id} is not signed with its key`);
    }
    const { name, publicKey } = certificate;
    const record = { ...facts, nodeId: id, name, publicKey, certificate: certificate.der, incarnation };
    if (known === undefined || incarnation >= known.record.incarnation) {
      this.#keep({ certificate, bytes: Uint8Array.from(bytes), record });
    }
    return record;
  }

  /** Whether a certificate that was verified once would be verified again. */
  #isStillGood({ certificate, record }: KnownNode, nowMs: number): boolean {
    const { notBeforeMs, notAfterMs } = certificate;
    const isInTime = nowMs >= notBeforeMs - CLOCK_TOLERANCE_MS && nowMs <= notAfterMs + CLOCK_TOLERANCE_MS;
    return isInTime && !this.trust.isRevoked(record.nodeId);
  }

  #keep(node: KnownNode): void {
    const { nodeId } = node.record;
    this.#nodes.delete(nodeId);
    const [oldest] = this.#nodes.keys();
    if (this.#nodes.size >= this.recordsMax && oldest !== undefined) this.#nodes.delete(oldest);
    this.#nodes.set(nodeId, node);
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
