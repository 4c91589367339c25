import type { Slot } from "./slot.ts";
import type { InstanceView } from "./view.ts";

/** An instance, for whoever asks. */
export function slotView(slot: Slot): InstanceView {
  const { id, release, species, pid, reason, restarts, upSince, load } = slot;
  return { id, release, species, pid, state: stateOf(slot), reason, restarts, upSince, load };
}

function stateOf({ isLeaving, phase, reason }: Slot): InstanceView["state"] {
  if (isLeaving) return "draining";
  switch (phase) {
    case "up":
      return reason === undefined ? "up" : "degraded";
    case "crash-looping":
      return "crash-looping";
    case "killing":
      return "down";
    case "waiting":
      return reason === undefined ? "starting" : "down";
    default:
      return "starting";
  }
}
