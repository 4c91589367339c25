import { CellError, SECOND } from "../../base/mod.ts";

/** What is not up so long after its start will not come up. */
export const START_TIMEOUT_MS = 30 * SECOND;

/** What a supervisor can be told about its pace. The defaults suit one machine, from a small board up. */
export interface CoreOptions {
  /**
   * How often workers report. A smaller value finds a hang sooner and costs every idle worker and the agent more
   * wake-ups; a larger one leaves callers with a hung instance for longer (about 3.5 times this).
   * @default 5000
   */
  readonly heartbeatMs: number;
  /**
   * How long a process may take until it registers. A small board loads a large bundle in a few seconds; what has not
   * come by then waits for something that will not come, such as a database at the top of a module.
   * @default 30000
   */
  readonly startTimeoutMs: number;
  /**
   * How long a ping of a silent instance may take, when nobody says earlier that it failed. An event loop that is busy
   * for longer serves nobody.
   * @default 5000
   */
  readonly pingTimeoutMs: number;
  /**
   * How long a draining process may take. Workers give their calls 8 seconds and then end by themselves: longer than
   * that, and something in the process holds it.
   * @default 12000
   */
  readonly drainTimeoutMs: number;
  /**
   * How many processes may be starting at once, over all services. Starting costs a core each: more at once come up no
   * sooner in sum, and the first of them later.
   * @default 8
   */
  readonly startingMax: number;
  /**
   * How long the event loop of an instance may be blocked before it counts as degraded.
   * @default 1000
   */
  readonly eventLoopLagMsMax: number;
}

/** What holds unless told otherwise. */
export const DEFAULTS: CoreOptions = {
  heartbeatMs: 5 * SECOND,
  startTimeoutMs: START_TIMEOUT_MS,
  pingTimeoutMs: 5 * SECOND,
  drainTimeoutMs: 12 * SECOND,
  startingMax: 8,
  eventLoopLagMsMax: 1 * SECOND,
};

/** A day: whoever waits longer for a process has mistaken the unit. */
const DURATION_MS_MAX = 24 * 60 * 60 * SECOND;
/** Each is a process at full load. */
const STARTING_MAX = 1000;

/** The options with their defaults. Throws INVALID_ARGUMENT with the bound that was broken. */
export function validateOptions(options: Partial<CoreOptions>): CoreOptions {
  const merged = { ...DEFAULTS, ...options };
  for (const [name, value] of Object.entries(merged)) {
    const isCount = name === "startingMax";
    const max = isCount ? STARTING_MAX : DURATION_MS_MAX;
    if (value >= 1 && value <= max && (!isCount || Number.isInteger(value))) continue;
    throw new CellError(
      "INVALID_ARGUMENT",
      `setting up the supervisor: ${name} is ${value}; expected ${isCount ? "a whole number" : "milliseconds"} ` +
        `from 1 to ${max}`,
    );
  }
  return merged;
}
