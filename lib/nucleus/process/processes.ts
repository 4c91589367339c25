import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { dataDirectory, formatInstanceId, logsDirectory, runDirectory } from "../../service/mod.ts";
import type { ExitStatus, InstanceId } from "../core/mod.ts";
import { adoptedEnd } from "./adopted_end.ts";
import { workerEnvironment } from "./environment.ts";
import { askToEnd, identityOf, killGroup, type ProcessIdentity } from "./signal.ts";

const LOG_MODE = 0o600;

/** What a worker is to run. */
export interface WorkerCode {
  readonly release: number;
  /** SHA-256 of the package. */
  readonly package: string;
  /** What the service was deployed with. */
  readonly env: { readonly [name: string]: string };
}

/** How workers are run. */
export interface ProcessesOptions {
  /** SERVICE, NUMBER, RELEASE and the package's SHA-256 are appended. */
  readonly workerCommand: readonly string[];
  /** A worker has ended, and so has everything in its process group. */
  onExit(id: InstanceId, pid: number, status: ExitStatus): void;
}

/**
 * The workers of this node, at most one per instance. Each leads a session and a process group of its own: the terminal's
 * signals do not reach it, and whatever it starts can be ended with it.
 */
export class Processes {
  readonly #workers = new Map<string, ProcessIdentity>();

  constructor(private readonly options: ProcessesOptions) {}

  get size(): number {
    return this.#workers.size;
  }

  pidOf(id: InstanceId): number | undefined {
    return this.#workerOf(id)?.pid;
  }

  /** Starts a worker; returns its pid. Throws what keeps it from being started. */
  spawn(id: InstanceId, code: WorkerCode): number {
    const instance = formatInstanceId(id);
    const log = openLog(instance);
    try {
      const child = Bun.spawn(
        [...this.options.workerCommand, id.service, String(id.number), String(code.release), code.package],
        {
          cwd: dataDirectory(id.service),
          env: workerEnvironment(instance, code.env),
          stdin: "ignore",
          stdout: log ?? "ignore",
          stderr: log ?? "ignore",
          detached: true,
          onExit: (ended, exitCode) =>
            this.#onExit(id, worker, { code: exitCode, signal: signalName(ended.signalCode) }),
        },
      );
      const worker = identityOf(child.pid);
      this.#workers.set(instance, worker);
      return worker.pid;
    } finally {
      if (log !== undefined) closeSync(log);
    }
  }

  /** Takes over a worker that runs already. */
  adopt(id: InstanceId, pid: number): void {
    const instance = formatInstanceId(id);
    const worker = identityOf(pid);
    this.#workers.set(instance, worker);
    void adoptedEnd(worker, join(runDirectory(), `${instance}.sock`)).then((status) =>
      this.#onExit(id, worker, status)
    );
  }

  drain(id: InstanceId): void {
    const worker = this.#workerOf(id);
    if (worker !== undefined) askToEnd(worker);
  }

  kill(id: InstanceId): void {
    const worker = this.#workerOf(id);
    if (worker !== undefined) killGroup(worker);
  }

  killAll(): void {
    for (const worker of this.#workers.values()) killGroup(worker);
  }

  #workerOf(id: InstanceId): ProcessIdentity | undefined {
    return this.#workers.get(formatInstanceId(id));
  }

  #onExit(id: InstanceId, worker: ProcessIdentity, status: ExitStatus): void {
    killGroup(worker);
    const instance = formatInstanceId(id);
    if (this.#workers.get(instance) === worker) this.#workers.delete(instance);
    this.options.onExit(id, worker.pid, status);
  }
}

/** The runtime has no name for some of them. */
function signalName(signal: NodeJS.Signals | number | null): string | null {
  return typeof signal === "number" ? `signal ${signal}` : signal;
}

/** A disk that takes no file loses lines; it must not keep a service from running. */
function openLog(instance: string): number | undefined {
  try {
    return openSync(join(logsDirectory(), `${instance}.log`), "a", LOG_MODE);
  } catch {
    return undefined;
  }
}
