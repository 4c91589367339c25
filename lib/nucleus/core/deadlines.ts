import { SECOND } from "../../base/mod.ts";
import type { CoreOptions } from "./options.ts";
import type { Slot } from "./slot.ts";
import type { Turn } from "./turn.ts";

/** What the time that has passed asks for, for one slot. */
export type Due =
  | { readonly kind: "nothing" }
  | { readonly kind: "kill"; readonly reason: string }
  /** It is to be asked whether it lives. */
  | { readonly kind: "ping" }
  /** It had been given up, and is tried once more. */
  | { readonly kind: "retry" };

const NOTHING: Due = { kind: "nothing" };

/** Judges a slot by the time. */
export function dueOf(slot: Slot, turn: Turn): Due {
  const { now, options } = turn;
  if (now < slot.deadlineAt(options)) return NOTHING;
  switch (slot.phase) {
    case "starting":
      return slot.hasMissedStart(now)
        ? kill(`failed to start: not ready after ${seconds(options.startTimeoutMs)}`)
        : NOTHING;
    case "draining":
      return kill(`did not end within ${seconds(options.drainTimeoutMs)}`);
    case "killing":
      return kill(slot.reason ?? "");
    case "crash-looping":
      return { kind: "retry" };
    case "up":
      return dueOfSilence(slot, turn);
    case "waiting":
    case "spawning":
      return NOTHING;
  }
}

/** When time alone changes something next. Slots whose time to start has come wait for the start gate, not for a time. */
export function nextDeadlineAt(slots: Iterable<Slot>, now: number, options: CoreOptions): number {
  let nextAt = Infinity;
  for (const slot of slots) {
    const deadlineAt = slot.deadlineAt(options);
    if (slot.phase !== "waiting" || deadlineAt > now) nextAt = Math.min(nextAt, deadlineAt);
  }
  return nextAt;
}

function dueOfSilence(slot: Slot, turn: Turn): Due {
  const finding = slot.examine(turn);
  if (finding === "hung") return kill("hung: no heartbeat and no answer to a ping");
  return finding === "ping" ? { kind: "ping" } : NOTHING;
}

function kill(reason: string): Due {
  return { kind: "kill", reason };
}

function seconds(durationMs: number): string {
  return `${durationMs / SECOND} s`;
}
