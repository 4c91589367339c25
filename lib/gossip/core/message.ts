import type { NodeId } from "./member.ts";

/** What one node says to another in a packet. */
export type Message =
  /** Are you there, `target`? Whoever is another says nothing. */
  | { readonly kind: "ping"; readonly sequence: number; readonly target: NodeId }
  | { readonly kind: "ack"; readonly sequence: number }
  /** I am there, but `target` did not answer me. */
  | { readonly kind: "nack"; readonly sequence: number }
  /** Probe `target` for me. */
  | { readonly kind: "probe_request"; readonly sequence: number; readonly target: NodeId; readonly wantsNack: boolean }
  | Alive
  | Suspect
  | Gone
  | { readonly kind: "broadcast"; readonly payload: Uint8Array };

/** A member lives; its record proves it. */
export interface Alive {
  readonly kind: "alive";
  readonly id: NodeId;
  readonly incarnation: number;
  readonly record: Uint8Array;
}

/** Node `from` got no answer from a member. */
export interface Suspect {
  readonly kind: "suspect";
  readonly id: NodeId;
  readonly incarnation: number;
  readonly from: NodeId;
}

/** A suspect's time was over. */
export interface Failed {
  readonly kind: "failed";
  readonly id: NodeId;
  readonly incarnation: number;
}

/** A member has said goodbye. */
export interface Left {
  readonly kind: "left";
  readonly id: NodeId;
  readonly incarnation: number;
}

/** A member does not take part any more. */
export type Gone = Failed | Left;
