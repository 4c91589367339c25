import type { MemberView, NodeId } from "./member.ts";

/** What happened to a member. `updated`: its record is a new one; `alive_again`: a suspect or failed one has refuted. */
export type Change =
  | "joined"
  | "updated"
  | "suspected"
  | "alive_again"
  | "failed"
  | "left"
  /** It is remembered no longer: it was revoked, or failed or left long ago, or made room for another. */
  | "removed";

/** What the driver is to do, in this order. */
export type Effect =
  | { readonly kind: "send"; readonly to: string; readonly packet: Uint8Array }
  /** Compare everything with this node over a stream; `with` is not known for one that was given as a contact. */
  | { readonly kind: "push_pull"; readonly with: NodeId | undefined; readonly address: string }
  /** Try to reach this node over a stream, within `timeoutMs`, and tell `onProbeStream`. */
  | { readonly kind: "probe_stream"; readonly id: NodeId; readonly address: string; readonly timeoutMs: number }
  | { readonly kind: "change"; readonly change: Change; readonly member: MemberView }
  | { readonly kind: "broadcast"; readonly payload: Uint8Array; readonly from: string }
  /** Two processes live under one id, at these addresses: its key was copied. Told once a minute at most. */
  | { readonly kind: "conflict"; readonly id: NodeId; readonly addresses: readonly [string, string] };
