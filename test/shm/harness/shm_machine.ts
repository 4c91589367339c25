import { join } from "node:path";
import { connectService, type RemoteService } from "../../../lib/service/mod.ts";
import { type CommandOptions, Machine, type Running } from "../../harness/mod.ts";
import { fillCache, keepCache } from "./schema_cache.ts";
import type { Transport } from "./transports.ts";

const PROCESSES = join(import.meta.dir, "../processes");
const CONTROL_TIMEOUT_MS = 60_000;

/**
 * A machine of its own whose processes call each other over one transport. This process reaches them over the Unix socket,
 * so that its own questions use no shared memory. While it exists this process has its $CELL_HOME: one at a time.
 */
export class ShmMachine extends Machine {
  readonly #homeBefore = process.env["CELL_HOME"];
  readonly #controls: RemoteService[] = [];

  constructor(readonly transport: Transport | "auto") {
    super();
    process.env["CELL_HOME"] = this.home;
    fillCache(this.home);
  }

  override environment(extra: Record<string, string> = {}): Record<string, string> {
    return super.environment({ CELL_TRANSPORT: this.transport, ...extra });
  }

  /** Starts a file of `processes/` as a service of another name, and waits until it serves. */
  async run(file: string, name: string, options: CommandOptions = {}): Promise<Running> {
    const running = this.start(["run", join(PROCESSES, `${file}.ts`), "--name", name], options);
    await running.serving();
    return running;
  }

  /** Starts a file of `processes/` that is a script. */
  script(file: string, env: Record<string, string>): Running {
    return this.start(["run", join(PROCESSES, `${file}.ts`)], { env });
  }

  /** A client in this process, closed with the machine. */
  async control(service: string): Promise<RemoteService> {
    const control = await connectService(service, { timeoutMs: CONTROL_TIMEOUT_MS, transport: "uds" });
    this.#controls.push(control);
    return control;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Promise.all(this.#controls.map((control) => control.close()));
      keepCache(this.home);
      await super[Symbol.asyncDispose]();
    } finally {
      if (this.#homeBefore === undefined) delete process.env["CELL_HOME"];
      else process.env["CELL_HOME"] = this.#homeBefore;
    }
  }
}
