/** Why something that came was not taken. */
export type Refusal =
  /** A packet or a state that no correct peer makes. */
  | "malformed"
  /** The record is forged, foreign or revoked. */
  | "record"
  /** As many members are known as can be. */
  | "table_full"
  /** It is about an incarnation of which there is no signed record here. */
  | "unproven"
  /** It claims an incarnation of this node that is too far above its own. */
  | "jump"
  /** Too many probes for others are under way, or the target is not known here. */
  | "relay";

/** What a core has counted since it was made. */
export interface MembershipStats {
  packetsIn: number;
  packetsOut: number;
  bytesIn: number;
  bytesOut: number;
  probes: number;
  /** Probes without an answer by the end of their interval. */
  probesFailed: number;
  /** Members that only a stream reached. */
  probesByStream: number;
  /** Suspicions that began here. */
  suspicions: number;
  /** Suspects whose time ended here first: this node declared them failed. */
  declared: number;
  /** Accusations of this node that it refuted. */
  refutations: number;
  /** Times in which this process did not run, and was forgiven. */
  lapses: number;
  conflicts: number;
  broadcastsDropped: number;
  readonly refused: Record<Refusal, number>;
}

/** All at zero. */
export function newStats(): MembershipStats {
  return {
    packetsIn: 0,
    packetsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    probes: 0,
    probesFailed: 0,
    probesByStream: 0,
    suspicions: 0,
    declared: 0,
    refutations: 0,
    lapses: 0,
    conflicts: 0,
    broadcastsDropped: 0,
    refused: { malformed: 0, record: 0, table_full: 0, unproven: 0, jump: 0, relay: 0 },
  };
}
