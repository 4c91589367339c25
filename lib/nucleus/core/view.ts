import type { InstanceId } from "./effect.ts";

/** What an instance reports with every heartbeat, as far as it matters here. */
export interface LoadReport {
  /** Calls being answered. */
  readonly inFlight: number;
  /** Since the process started. */
  readonly calls: number;
  readonly errors: number;
  readonly eventLoopLagMs: number;
}

/** One instance, for whoever asks. */
export interface InstanceView {
  readonly id: InstanceId;
  readonly release: number;
  /** Empty until the process has said it. */
  readonly species: string;
  readonly pid: number | undefined;
  readonly state: "starting" | "up" | "degraded" | "draining" | "down" | "crash-looping";
  /** Why, where the state alone does not say. */
  readonly reason: string | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  readonly upSince: number | undefined;
  /** Of the last heartbeat. */
  readonly load: LoadReport | undefined;
}

/** One service, for whoever asks. */
export interface ServiceView {
  readonly state: "up" | "degraded" | "starting" | "idle" | "stopped" | "down";
  /** Instances of the active releases that answer calls. */
  readonly up: number;
  /** How many there shall be, over all active releases. */
  readonly wanted: number;
  /** Of what the last change brings: the candidate while there is one, fresh processes while a restart goes on. */
  readonly arrived: { readonly up: number; readonly wanted: number };
  /** How far the last change has come. */
  readonly phase: "starting" | "observing" | "draining" | "settled";
  /** Why waiting for an instance, or for a change to be done, leads nowhere. */
  readonly failure: string | undefined;
}
