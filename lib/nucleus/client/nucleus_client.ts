import { CellError } from "../../base/mod.ts";
import { connectService, holders, home, NUCLEUS, type RemoteService } from "../../service/mod.ts";
import type { AgentConnection } from "./agent_connection.ts";
import type {
  DeployAnswer,
  DeployRequest,
  Health,
  Heartbeat,
  InstanceStatus,
  NodeStatus,
  NucleusApi,
  Progress,
  Registration,
  RegistrationAnswer,
} from "./api.ts";
import { ClusterCalls } from "./cluster_calls.ts";
import { connectRemoteAgent } from "./remote_agent.ts";
import { NUCLEUS_SCHEMA } from "./schema.ts";

/** How the agent is called. */
export interface ConnectNucleusOptions {
  /** The deadline of every call but `follow`. @default 30_000 */
  timeoutMs?: number;
  /** The node whose agent is meant: its name, its id, or the first 8 digits of that. @default this node */
  node?: string | undefined;
}

/**
 * Connects to the agent of this `$CELL_HOME`, or through it to that of another node. Throws UNAVAILABLE, with what to do,
 * when none runs; waits for one that is starting. For another node: NOT_FOUND with near names when the cluster has none
 * like it, UNAVAILABLE when it has gone or cannot be reached.
 */
export async function connectNucleus({ node, timeoutMs }: ConnectNucleusOptions = {}): Promise<NucleusClient> {
  const own = await connectAgent();
  return new NucleusClient(node === undefined ? own : await connectRemoteAgent(own, node, timeoutMs), timeoutMs);
}

/** Asks the agent for its status, all in all for at most `timeoutMs`. Throws like `connectNucleus`. */
export async function askStatus(timeoutMs: number): Promise<NodeStatus> {
  await using nucleus = new NucleusClient(await connectAgent(timeoutMs), timeoutMs);
  return await nucleus.status();
}

/** `timeoutMs` bounds every call of the result, streams included; undefined leaves that to each call. */
async function connectAgent(timeoutMs?: number): Promise<RemoteService> {
  try {
    return await connectService(NUCLEUS, {
      schema: NUCLEUS_SCHEMA,
      callerService: "cell",
      // Whatever transport somebody chose for the calls of services: the agent has to be reached to look into it.
      transport: "uds",
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  } catch (error) {
    if (!(error instanceof CellError) || error.code !== "NOT_FOUND") throw error;
    throw absent(error);
  }
}

function absent(cause: CellError): CellError {
  return new CellError("UNAVAILABLE", `the nucleus is not running in ${home()}: start it with cell up`, {
    data: { started: false },
    retryable: false,
    cause,
  });
}

function isHere(): boolean {
  return holders().some(({ service }) => service === NUCLEUS);
}

/** The agent's methods as calls. Connects again when the agent was restarted in between. */
export class NucleusClient extends ClusterCalls implements NucleusApi, AsyncDisposable {
  constructor(private readonly remote: AgentConnection, private readonly timeoutMs: number | undefined) {
    super();
  }

  status(): Promise<NodeStatus> {
    return this.ask("status");
  }

  health(): Promise<Health> {
    return this.ask("health");
  }

  instances(): Promise<InstanceStatus[]> {
    return this.ask("instances");
  }

  deploy(request: DeployRequest): Promise<DeployAnswer> {
    return this.ask("deploy", request);
  }

  scale(service: string, replicas: number): Promise<void> {
    return this.ask("scale", service, replicas);
  }

  stop(service: string): Promise<void> {
    return this.ask("stop", service);
  }

  restart(service: string): Promise<void> {
    return this.ask("restart", service);
  }

  remove(service: string, species?: string): Promise<void> {
    return this.ask("remove", service, ...(species === undefined ? [] : [species]));
  }

  follow(service: string): AsyncGenerator<Progress, void, void> {
    return this.streamOf("follow", service);
  }

  shutdown(): Promise<void> {
    return this.ask("shutdown");
  }

  activate(service: string): Promise<{ instances: number }> {
    return this.ask("activate", service);
  }

  register(registration: Registration): Promise<RegistrationAnswer> {
    return this.ask("register", registration);
  }

  heartbeat(heartbeat: Heartbeat): Promise<void> {
    return this.ask("heartbeat", heartbeat);
  }

  /** Cancels what is in flight. */
  close(): Promise<void> {
    return this.remote.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected streamOf<T>(method: string, ...args: unknown[]): AsyncGenerator<T, void, void> {
    return this.remote.stream(method, args) as AsyncGenerator<T, void, void>;
  }

  protected async ask<T>(method: string, ...args: unknown[]): Promise<T> {
    const options = this.timeoutMs === undefined ? {} : { timeoutMs: this.timeoutMs };
    try {
      return await this.remote.call(method, args, options) as T;
    } catch (error) {
      // An agent that was killed takes connections until the kernel has closed its socket, and then there is none.
      if (error instanceof CellError && error.code === "NOT_FOUND" && !isHere()) throw absent(error);
      throw error;
    }
  }
}
