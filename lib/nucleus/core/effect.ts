/** Which slot of a service: `number` counts from 1 and is kept across restarts. */
export interface InstanceId {
  readonly service: string;
  readonly number: number;
}

/** Something that the core wants done. The driver does it, and reports back what came of it. */
export type Effect =
  /** Start a process. Answered by `onSpawned` or `onSpawnFailed`. */
  | { readonly kind: "spawn"; readonly id: InstanceId; readonly release: number }
  /** Ask a process to finish its calls and end (SIGTERM). Answered by `onExit`. */
  | { readonly kind: "drain"; readonly id: InstanceId }
  /** End a process and its children at once (SIGKILL to the group). Answered by `onExit`. */
  | { readonly kind: "kill"; readonly id: InstanceId; readonly reason: string }
  /** Ask a process whether it lives, and what it has answered so far. Answered by `onPingAnswered` or `onPingFailed`. */
  | { readonly kind: "ping"; readonly id: InstanceId }
  /** A candidate has proved healthy: make it active, durably, then call `setSpec`. */
  | { readonly kind: "promote"; readonly service: string; readonly release: number }
  /** A candidate has failed: forget it, durably, then call `setSpec`. */
  | { readonly kind: "abort"; readonly service: string; readonly release: number; readonly reason: string }
  /** Something that people want to know: for the log of the instance and those that follow the service. */
  | {
    readonly kind: "event";
    readonly service: string;
    readonly number: number | undefined;
    readonly level: "info" | "warn" | "error";
    readonly message: string;
  };

/** How a process ended. */
export interface ExitStatus {
  /** Null when a signal ended it, or when nobody saw it end. */
  readonly code: number | null;
  readonly signal: string | null;
}
