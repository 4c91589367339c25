import { CellError, type Code, toCellError } from "../../base/mod.ts";
import type { MemoryHandle, UpgradeMessage } from "./message.ts";

/**
 * What the driver does, in the order given. One that works on memory is the last of its list; its outcome is told to the
 * upgrade by `onMemoryReady` or `onMemoryFailed`, which give the actions that follow.
 */
export type UpgradeAction =
  /** Commit this frame to the socket. */
  | { readonly kind: "send"; readonly message: UpgradeMessage }
  /** The client only: make memory with rings that may grow to so many bytes. */
  | { readonly kind: "createMemory"; readonly ringBytesMax: number }
  /** The server only: map the client's memory, after checking everything about it. */
  | { readonly kind: "openMemory"; readonly memory: MemoryHandle; readonly ringBytesMax: number }
  /** From now on encode frames into the own ring. What was committed before stays in the socket, in front. */
  | { readonly kind: "startSendingInRing" }
  /** The peer's next frame is in its ring; the memory is mapped by both, so its name may go. */
  | { readonly kind: "startReceivingInRing" }
  /** The connection stays on the socket, for good: let go of the memory, if there is any. */
  | { readonly kind: "giveUp"; readonly reason: string }
  /** The peer broke a rule: end the connection with this error. */
  | { readonly kind: "violation"; readonly error: CellError };

/** Nothing to do. */
export const NO_ACTIONS: readonly UpgradeAction[] = [];

/** The connection has to end. */
export function violation(code: Code, message: string): UpgradeAction {
  return { kind: "violation", error: new CellError(code, message) };
}

/** The peer said what it may not say now. */
export function outOfOrder({ step }: UpgradeMessage, expected: string): UpgradeAction {
  return violation(
    "INVALID_ARGUMENT",
    `moving a connection into shared memory: expected ${expected}, found step ${step}`,
  );
}

/** What the peer said is no message. */
export function unreadable(thrown: unknown): UpgradeAction {
  return violation("INVALID_ARGUMENT", messageOf(thrown));
}

/** An error's message, for a reason. */
export function messageOf(thrown: unknown): string {
  return toCellError(thrown).message;
}
