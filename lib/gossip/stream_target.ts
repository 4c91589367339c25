import type { NodeId } from "../net/identity/mod.ts";
import type { NodeRecord } from "./node_record.ts";

/** A node to be reached over an authenticated stream. */
export interface StreamTarget {
  /** Who has to answer there; undefined when only an address is known, and any node of the cluster will do. */
  readonly node: NodeId | undefined;
  /** Names and IP addresses, the best first. */
  readonly hosts: readonly string[];
  /** UDP, for QUIC. */
  readonly nodePort: number;
  /** TCP, for TLS. */
  readonly tlsPort: number;
}

/** How the node with this record is reached; where a datagram of it came from goes first. */
export function targetOf(record: NodeRecord, heardFrom?: string): StreamTarget {
  const hosts = heardFrom === undefined ? record.addresses : [heardFrom, ...record.addresses];
  return { node: record.nodeId, hosts: [...new Set(hosts)], nodePort: record.nodePort, tlsPort: record.tlsPort };
}
