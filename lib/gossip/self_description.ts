import { CellError } from "../base/mod.ts";
import type { NodeIdentity } from "../net/identity/mod.ts";
import { encodeRecord, type NodeFacts, type NodeRecord } from "./node_record.ts";

/** What this node says of itself. */
export class SelfDescription {
  #identity: NodeIdentity;
  #facts: NodeFacts;
  #record: Uint8Array = new Uint8Array(0);

  constructor(identity: NodeIdentity, facts: NodeFacts) {
    this.#identity = identity;
    this.#facts = facts;
  }

  get identity(): NodeIdentity {
    return this.#identity;
  }

  get facts(): NodeFacts {
    return this.#facts;
  }

  /** The record that was signed last, as others take it. */
  get record(): Uint8Array {
    return this.#record;
  }

  /** Signs a record at an incarnation. */
  sign(incarnation: number): Uint8Array {
    this.#record = encodeRecord(this.#facts, incarnation, this.#identity);
    return this.#record;
  }

  /** The next record says this. Throws INVALID_ARGUMENT, and changes nothing, when others would not take it. */
  change(facts: Partial<NodeFacts>, identity: NodeIdentity = this.#identity): void {
    const { nodeId, clusterId } = this.#identity;
    if (identity.nodeId !== nodeId || identity.clusterId !== clusterId) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `describing node ${nodeId}: the identity is that of node ${identity.nodeId}`,
      );
    }
    const described = { ...this.#facts, ...facts };
    encodeRecord(described, Number.MAX_SAFE_INTEGER, identity);
    this.#facts = described;
    this.#identity = identity;
  }

  /** The record as `RecordBook` gives those of others. */
  at(incarnation: number): NodeRecord {
    const { nodeId, name, publicKey, certificate } = this.#identity;
    return { ...this.#facts, nodeId, name, publicKey, certificate: certificate.der, incarnation };
  }
}
