import { CellError, MINUTE, MS, SECOND } from "../base/mod.ts";
import { checkEnvironment } from "../package/mod.ts";
import { type DeployRequest, INSTANCES_MAX } from "./client/mod.ts";

/** What a service has been told about how it is to run, whichever release. */
export interface Settings {
  readonly replicas: number;
  /** `ALWAYS_ALL` where nobody has said how many may stop when they are idle: none then. */
  readonly minReplicas: number;
  readonly maxReplicas: number | undefined;
  readonly idleMs: number;
  readonly cpuTarget: number | undefined;
}

/** A minimum that is never below what is wanted. */
export const ALWAYS_ALL = INSTANCES_MAX;

/** What a new service is given where its deploy says nothing. */
const DEFAULTS: Settings = {
  replicas: 1,
  minReplicas: ALWAYS_ALL,
  maxReplicas: undefined,
  idleMs: 5 * MINUTE,
  cpuTarget: undefined,
};

const IDLE_MS_MIN = 100 * MS;
/** Timers of the runtime hold no longer time: 24.8 days. */
const IDLE_MS_MAX = 2 ** 31 - 1;
const OBSERVE_MS_MAX = 60 * MINUTE;
/** A core has 100 %, and a service may be let use several. */
const CPU_TARGET_MAX = 64;
/** How long old and new run side by side where nobody says. */
export const OBSERVE_MS_DEFAULT = 2 * SECOND;

/** Throws INVALID_ARGUMENT unless `count` instances can be asked for. */
export function assertCount(what: string, count: number): void {
  assertWhole(what, count, 0, INSTANCES_MAX);
}

/**
 * The settings of a service after a deploy: what the request says, else what was, else the defaults. Throws
 * INVALID_ARGUMENT for what cannot be, or cannot be together.
 */
export function settingsAfter(before: Settings | undefined, request: DeployRequest): Settings {
  checkBounds(request);
  const { minReplicas, maxReplicas, idleMs, cpuTarget } = { ...(before ?? DEFAULTS), ...given(request) };
  const floor = minReplicas === ALWAYS_ALL ? 0 : minReplicas;
  const replicas = request.replicas ?? clamp(before?.replicas ?? DEFAULTS.replicas, floor, maxReplicas);
  const settings = { replicas, minReplicas, maxReplicas, idleMs, cpuTarget };
  assertTogether(settings);
  return settings;
}

/** Throws INVALID_ARGUMENT when the numbers of instances contradict each other. */
export function assertTogether({ replicas, minReplicas, maxReplicas = INSTANCES_MAX }: Settings): void {
  if (replicas > maxReplicas) {
    throw invalid(
      `${replicas} instances: the maximum of this service is ${maxReplicas}. Raise it with cell deploy FILE --max N.`,
    );
  }
  if (minReplicas !== ALWAYS_ALL && minReplicas > maxReplicas) {
    throw invalid(`a minimum of ${minReplicas} instances: the maximum of this service is ${maxReplicas}`);
  }
}

function checkBounds({ replicas, minReplicas, maxReplicas, idleMs, observeMs, cpuTarget, env }: DeployRequest): void {
  if (replicas !== undefined) assertCount("instances", replicas);
  if (minReplicas !== undefined) assertCount("the minimum of instances", minReplicas);
  if (maxReplicas !== undefined) assertWhole("the maximum of instances", maxReplicas, 1, INSTANCES_MAX);
  if (idleMs !== undefined) assertWhole("idleMs", idleMs, IDLE_MS_MIN, IDLE_MS_MAX);
  if (observeMs !== undefined) assertWhole("observeMs", observeMs, 0, OBSERVE_MS_MAX);
  if (cpuTarget !== undefined && !(cpuTarget > 0 && cpuTarget <= CPU_TARGET_MAX)) {
    throw invalid(`cpuTarget: expected a share of a core above 0 and up to ${CPU_TARGET_MAX}, found ${cpuTarget}`);
  }
  if (replicas !== undefined && minReplicas !== undefined && replicas !== 0 && replicas < minReplicas) {
    throw invalid(`${replicas} instances with a minimum of ${minReplicas}: ask for at least the minimum`);
  }
  if (env !== undefined) checkEnvironment(env, "the environment");
}

/** Only the settings that the request has. */
function given({ minReplicas, maxReplicas, idleMs, cpuTarget }: DeployRequest): Partial<Settings> {
  const all = { minReplicas, maxReplicas, idleMs, cpuTarget };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function clamp(count: number, minimum: number, maximum = INSTANCES_MAX): number {
  return Math.min(Math.max(count, minimum), maximum);
}

function assertWhole(what: string, value: number, minimum: number, maximum: number): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw invalid(`${what}: expected a whole number from ${minimum} to ${maximum}, found ${value}`);
}

function invalid(message: string): CellError {
  return new CellError("INVALID_ARGUMENT", message, { data: { started: false } });
}
