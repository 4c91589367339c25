import { existsSync } from "node:fs";
import { join } from "node:path";
import { assert, CellError, type Code, SECOND, toCellError } from "../base/mod.ts";
import { dialUnix } from "../net/mod.ts";
import { type InstanceLoad, NUCLEUS, NUCLEUS_SCHEMA, type RegistrationAnswer } from "../nucleus/client/mod.ts";
import { createClient, type RpcClient } from "../rpc/mod.ts";
import { runDirectory } from "../service/mod.ts";
import type { WorkerArguments } from "./worker_arguments.ts";

/** An agent that takes longer to answer is as good as none until the next report. */
const ANSWER_MS_MAX = 5 * SECOND;
/** Until an agent says otherwise. */
const HEARTBEAT_MS = 5 * SECOND;
/** The agent is gone, going, or does not answer: no fault of what it was told. */
const ABSENT: ReadonlySet<Code> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"]);

/**
 * An instance's connection to the agent. One connection and not a `RemoteService`: whoever is not there now is looked for
 * at the next report, and nothing is to be made again.
 */
export class AgentLink {
  /** How often the agent wants to hear. */
  heartbeatMs = HEARTBEAT_MS;
  readonly #socket = join(runDirectory(), `${NUCLEUS}.sock`);
  readonly #startedAt = new Date();
  #client: RpcClient | undefined;
  #isRegistered = false;
  #isReporting = false;

  constructor(private readonly worker: WorkerArguments, private readonly species: string) {}

  /** Whether a report waits for its answer: there is one at a time. */
  get isReporting(): boolean {
    return this.#isReporting;
  }

  /**
   * Tells the agent the load, and who this is if it does not know. Nothing happens when nobody answers; throws what the
   * agent has against it.
   */
  async report(load: InstanceLoad): Promise<void> {
    assert(!this.#isReporting, "a report waits for its answer already");
    this.#isReporting = true;
    try {
      const client = await this.#connect();
      if (client !== undefined) await this.#tell(client, load);
    } catch (thrown) {
      const error = toCellError(thrown);
      if (!ABSENT.has(error.code)) throw error;
      this.close();
    } finally {
      this.#isReporting = false;
    }
  }

  close(): void {
    void this.#client?.close();
    this.#client = undefined;
    this.#isRegistered = false;
  }

  async #connect(): Promise<RpcClient | undefined> {
    if (this.#client?.draining === true) this.close();
    if (this.#client !== undefined) return this.#client;
    if (!existsSync(this.#socket)) return undefined;
    try {
      const link = await dialUnix(this.#socket);
      const options = { schema: NUCLEUS_SCHEMA, callerService: this.worker.service, timeoutMs: ANSWER_MS_MAX };
      return this.#client = createClient(link, options);
    } catch {
      // A crashed agent's socket, or one that goes at this moment.
      return undefined;
    }
  }

  async #tell(client: RpcClient, load: InstanceLoad): Promise<void> {
    if (!this.#isRegistered) await this.#register(client);
    const heartbeat = { instance: this.worker.instance, pid: process.pid, load };
    try {
      await client.call("heartbeat", [heartbeat]);
    } catch (error) {
      if (!(error instanceof CellError) || error.code !== "NOT_FOUND") throw error;
      await this.#register(client);
    }
  }

  async #register(client: RpcClient): Promise<void> {
    const { service, number, release } = this.worker;
    const { species } = this;
    const registration = { service, number, release, species, pid: process.pid, startedAt: this.#startedAt };
    const { heartbeatMs } = await client.call("register", [registration]) as RegistrationAnswer;
    this.#isRegistered = true;
    this.heartbeatMs = heartbeatMs;
  }
}
