import type { Service } from "./service.ts";
import type { Slot } from "./slot.ts";
import type { ServiceView } from "./view.ts";

/**
 * A service in a few words.
 *
 * @param active the slots that stay, one list per active release
 * @param wantedPerRelease how many of each there shall be
 * @param candidate the slots of a release that is to become active, and how many there shall be
 */
export function serviceView(
  service: Service,
  active: readonly Slot[][],
  wantedPerRelease: number,
  candidate: { readonly slots: readonly Slot[]; readonly wanted: number } | undefined,
): ServiceView {
  const slots = active.flat();
  const up = slots.filter(({ isUp }) => isUp).length;
  const given = slots.find(({ phase }) => phase === "crash-looping");
  const looping = given === undefined
    ? undefined
    : `${service.name}@${given.id.number} is crash-looping: ${given.reason}`;
  const wanted = wantedPerRelease * active.length;
  const coming = candidate ?? { slots, wanted };
  return {
    state: stateOf(service, slots, wantedPerRelease, up),
    up,
    wanted,
    arrived: { up: coming.slots.filter(({ isUp, isStale }) => isUp && !isStale).length, wanted: coming.wanted },
    phase: phaseOf(service, slots),
    failure: looping ?? service.failure,
  };
}

function stateOf(service: Service, slots: readonly Slot[], wanted: number, up: number): ServiceView["state"] {
  if (service.spec === undefined || service.spec.stopped) return "stopped";
  if (wanted === 0) return "idle";
  const hasFailed = slots.some((slot) => !slot.isUp && !slot.isPromising);
  const isIll = slots.some((slot) => slot.isUp && slot.reason !== undefined);
  if (up === 0) return hasFailed ? "down" : "starting";
  return hasFailed || isIll ? "degraded" : "up";
}

function phaseOf(service: Service, slots: readonly Slot[]): ServiceView["phase"] {
  if (service.rollout !== undefined && !service.rollout.isDecided) {
    return service.rollout.phase === "observing" ? "observing" : "starting";
  }
  const isComing = slots.some((slot) => slot.isStale || (!slot.isUp && slot.phase !== "crash-looping"));
  if (isComing) return "starting";
  const isGoing = service.rollout !== undefined || [...service.slots.values()].some(({ isLeaving }) => isLeaving);
  return isGoing ? "draining" : "settled";
}
