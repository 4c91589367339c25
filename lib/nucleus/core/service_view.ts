import type { Service } from "./service.ts";
import type { Slot } from "./slot.ts";
import type { ServiceView } from "./view.ts";

/** A service in a few words. */
export function serviceView(service: Service): ServiceView {
  const { name, wanted, slots, trial, failure } = service;
  const { rollout } = trial;
  const active = wanted.active.map(({ number }) => slots.of(number));
  const staying = active.flat();
  const up = staying.filter(({ isUp }) => isUp).length;
  const wantedPerRelease = wanted.isNothing ? 0 : wanted.target;
  const stuck = staying.find(({ complaint }) => complaint !== undefined);
  const complaint = stuck === undefined ? undefined : `${name}@${stuck.id.number} ${stuck.complaint}`;
  const all = { slots: staying, wanted: wantedPerRelease * active.length };
  const coming = rollout === undefined || rollout.isDecided
    ? all
    : { slots: slots.of(rollout.release.number), wanted: trial.wantedOf(rollout.release) };
  return {
    state: stateOf(service, staying, wantedPerRelease, up),
    up,
    wanted: all.wanted,
    arrived: { up: coming.slots.filter(({ isUp, isStale }) => isUp && !isStale).length, wanted: coming.wanted },
    phase: phaseOf(service, staying),
    failure: complaint ?? failure,
  };
}

function stateOf(
  { wanted: { spec } }: Service,
  slots: readonly Slot[],
  wanted: number,
  up: number,
): ServiceView["state"] {
  if (spec === undefined || spec.stopped) return "stopped";
  if (wanted === 0) return "idle";
  const hasFailed = slots.some((slot) => !slot.isUp && !slot.isPromising);
  const isIll = slots.some((slot) => slot.isUp && slot.reason !== undefined);
  if (up === 0) return hasFailed ? "down" : "starting";
  return hasFailed || isIll ? "degraded" : "up";
}

function phaseOf({ slots: all, trial: { rollout } }: Service, slots: readonly Slot[]): ServiceView["phase"] {
  if (rollout !== undefined && !rollout.isDecided) return rollout.phase === "observing" ? "observing" : "starting";
  const isComing = slots.some((slot) => slot.isStale || (!slot.isUp && slot.phase !== "crash-looping"));
  if (isComing) return "starting";
  const isGoing = rollout !== undefined || all.all().some(({ isLeaving }) => isLeaving);
  return isGoing ? "draining" : "settled";
}
