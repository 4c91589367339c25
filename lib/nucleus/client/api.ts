/**
 * What the node agent offers as a service: the methods of `NucleusApi` are what `cell call nucleus ...` calls, and these
 * types are its schema.
 */

import type { ClusterApi, NetworkCondition } from "./cluster_api.ts";

/** Where an instance is in its life. */
export type InstanceState = "starting" | "up" | "degraded" | "draining" | "down" | "crash-looping";

/** What an instance reports with every heartbeat. */
export interface InstanceLoad {
  /** Calls being answered. */
  inFlight: number;
  /** Calls and errors since the process started. */
  calls: number;
  errors: number;
  /** Over the time since the heartbeat before. */
  callsPerSecond: number;
  /** Latencies of the busiest method's median and of the slowest method's 99th percentile; null before the first call. */
  p50Micros: number | null;
  p99Micros: number | null;
  /** Private memory of the process. */
  memoryBytes: number;
  /** Share of one core since the heartbeat before: 0.5 is half a core. */
  cpuShare: number;
  /** How late the timer of this heartbeat fired. */
  eventLoopLagMs: number;
}

/** One instance as the agent sees it. */
export interface InstanceStatus {
  service: string;
  /** SERVICE@NUMBER, such as hello@2. */
  instance: string;
  number: number;
  release: number;
  species: string;
  /** Null while no process exists. */
  pid: number | null;
  state: InstanceState;
  /** Why, where the state alone does not say: "exited with code 1", "no heartbeat and no answer to a ping". */
  reason: string | null;
  /** How often it was started again since it was first wanted. */
  restarts: number;
  /** Since it came up; null while it is not. */
  uptimeMs: number | null;
  /** Of the last heartbeat. */
  load: InstanceLoad | null;
}

/** One version of a service's code. */
export interface ReleaseStatus {
  /** Counts up from 1 with every deploy and swap. */
  number: number;
  species: string;
  /** SHA-256 of the package. */
  package: string;
  /** A candidate becomes active when its instances have proved healthy. */
  role: "active" | "candidate";
  createdAt: Date;
}

/** One deployed service. */
export interface ServiceStatus {
  name: string;
  /** "idle": nothing runs and a call would start it. "stopped": by `cell stop`. */
  state: "up" | "degraded" | "starting" | "idle" | "stopped" | "down";
  reason: string | null;
  replicas: number;
  minReplicas: number;
  maxReplicas: number | null;
  idleMs: number;
  /** Instances that answer calls. */
  up: number;
  releases: ReleaseStatus[];
}

/** The agent and what it looks after. */
export interface NodeStatus {
  node: string;
  pid: number;
  version: string;
  home: string;
  startedAt: Date;
  uptimeMs: number;
  heartbeatMs: number;
  network: NetworkCondition;
  services: ServiceStatus[];
}

/** Whether everything that was asked for is there. */
export interface Health {
  healthy: boolean;
  /** What is wrong and why, one line each. */
  problems: string[];
}

/** What `deploy` and `swap` ask for. */
export interface DeployRequest {
  service: string;
  /** SHA-256 of a package in `packages/` of the home. */
  package: string;
  /** "swap" wants the service to exist; "deploy" makes it, or a new release of it. */
  mode: "deploy" | "swap";
  /** What is not given stays as it is or, for a new service, is the default. */
  replicas?: number;
  minReplicas?: number;
  maxReplicas?: number;
  idleMs?: number;
  /** Share of one core, 0.6 for 60 %; for the autoscaler. */
  cpuTarget?: number;
  /** Replaces the environment of before; another one makes a new release, also of the same code. */
  env?: { [name: string]: string };
  /** Keeps the releases that are active running beside the new one. */
  parallel?: boolean;
  /** Replaces a release whose callers the new schema breaks. */
  force?: boolean;
  /** How long old and new run side by side under watch before the old is drained. */
  observeMs?: number;
}

/** What became of a `DeployRequest`. */
export interface DeployAnswer {
  service: string;
  release: number;
  /** "created": the first release. "swapping": a new one is being started. "configured": only settings changed. */
  action: "created" | "swapping" | "configured" | "unchanged";
  species: string;
}

/** How far a change has come. */
export interface Progress {
  phase: "starting" | "observing" | "draining" | "settled";
  /** Instances that are up, of those that are wanted in the end. */
  up: number;
  wanted: number;
  /** What has just happened, for people. */
  message: string;
}

/** What a worker says when it serves. */
export interface Registration {
  service: string;
  number: number;
  release: number;
  species: string;
  pid: number;
  startedAt: Date;
}

/** What the agent answers to a registration. */
export interface RegistrationAnswer {
  heartbeatMs: number;
}

/** What a worker says every `heartbeatMs`. */
export interface Heartbeat {
  /** SERVICE@NUMBER. */
  instance: string;
  pid: number;
  load: InstanceLoad;
}

/** The methods of the service `nucleus`. */
export type NucleusApi = AgentApi & ClusterApi;

/** Those that are about this node alone. */
export interface AgentApi {
  status(): Promise<NodeStatus>;
  health(): Promise<Health>;
  /** Every instance, sorted by service and number. */
  instances(): Promise<InstanceStatus[]>;

  /**
   * Records a new service or a new release of one; `follow` tells what becomes of it. Throws FAILED_PRECONDITION with
   * `data.changes` when the new schema breaks callers and neither `parallel` nor `force` is set.
   */
  deploy(request: DeployRequest): Promise<DeployAnswer>;
  /** How many instances shall run. 0 stops all of them; the next call starts one. */
  scale(service: string, replicas: number): Promise<void>;
  /** Drains all instances; calls fail until `restart`, `scale` or `deploy`. */
  stop(service: string): Promise<void>;
  /** Replaces every instance by a fresh one, without a gap. For "nucleus": the agent executes its binary anew. */
  restart(service: string): Promise<void>;
  /** Drains and forgets a service, or only its releases of one species. Of a service no process is left then. */
  remove(service: string, species?: string): Promise<void>;
  /**
   * What happens to a service until it is as it was asked for. Throws ABORTED when that failed: the new release was
   * rolled back, or instances crash-loop; the message says why, with the last lines of the log.
   */
  follow(service: string): AsyncGenerator<Progress, void, void>;
  /** Drains every service and ends the agent; what was deployed is there again after the next start. */
  shutdown(): Promise<void>;

  /** Makes sure that an instance answers calls: resolves when one does. Throws NOT_FOUND with near names. */
  activate(service: string): Promise<{ instances: number }>;

  /** For workers. */
  register(registration: Registration): Promise<RegistrationAnswer>;
  /** For workers. Throws NOT_FOUND when the agent does not know the instance: it shall register again. */
  heartbeat(heartbeat: Heartbeat): Promise<void>;
}
