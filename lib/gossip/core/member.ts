import type { Suspicion } from "./suspicion.ts";

/** 32 lower-case hex digits. */
export type NodeId = string;

/** The bytes of a node's id. */
export const ID_BYTES = 16;

/** What is believed of a member. Suspects count as live until their time is over. */
export type MemberState = "alive" | "suspect" | "failed" | "left";

/** A member as others see it. */
export interface MemberView {
  readonly id: NodeId;
  /** Its owner raises it with every record that it signs. */
  readonly incarnation: number;
  readonly state: MemberState;
  readonly address: string;
  /** As its owner signed it. */
  readonly record: Uint8Array;
  /** Since when it is in this state, by this node's clock. */
  readonly sinceMs: number;
}

/** This node. */
export interface Self {
  readonly id: NodeId;
  /**
   * The signed record of this node at an incarnation, at most RECORD_BYTES_MAX bytes. Asked for anew whenever an
   * accusation is refuted or `updateSelf` is called; what it says of the node may differ each time.
   */
  record(incarnation: number): Uint8Array;
}

/** Gives what a record says, undefined for one that is forged, foreign or revoked. It must not throw. */
export type RecordReader = (id: NodeId, incarnation: number, record: Uint8Array) => RecordFacts | undefined;

/** What the core needs to know of a record. */
export interface RecordFacts {
  readonly address: string;
}

/** A member as the core keeps it. */
export interface Member extends MemberView {
  incarnation: number;
  state: MemberState;
  address: string;
  record: Uint8Array;
  sinceMs: number;
  /** While it is suspect. */
  suspicion: Suspicion | undefined;
  /** Its place in the table's list. */
  index: number;
  /** Where it was before, and when it moved: an address that goes back and forth has two owners. */
  addressBefore: string | undefined;
  movedAtMs: number;
  conflictAtMs: number;
}

/** Whether it takes part: it is probed and told rumours. */
export function isLive({ state }: MemberView): boolean {
  return state === "alive" || state === "suspect";
}

/** What others are shown: a copy that stays as it is. */
export function viewOf({ id, incarnation, state, address, record, sinceMs }: MemberView): MemberView {
  return { id, incarnation, state, address, record, sinceMs };
}
