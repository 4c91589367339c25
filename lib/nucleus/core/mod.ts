/**
 * Decides which processes run: a state machine without I/O, to which time, randomness and events come as arguments and
 * which answers with effects.
 */
export type { Effect, ExitStatus, InstanceId } from "./effect.ts";
export { type CoreOptions, DEFAULTS, START_TIMEOUT_MS } from "./options.ts";
export type { FoundInstance } from "./service.ts";
export type { ReleaseSpec, ServiceSpec } from "./spec.ts";
export { SupervisorCore } from "./supervisor_core.ts";
export type { InstanceView, LoadReport, ServiceView } from "./view.ts";
