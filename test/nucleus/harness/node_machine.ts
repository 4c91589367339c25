import { mkdirSync } from "node:fs";
import { connectNucleus, type InstanceStatus, type NodeStatus } from "../../../lib/nucleus/client/mod.ts";
import { connectService, type ConnectServiceOptions, type RemoteService } from "../../../lib/service/mod.ts";
import { type CommandOptions, type Finished, Machine, until } from "../../harness/mod.ts";

/** How the agent of a test is started. */
export interface UpOptions {
  /** How often workers report. @default "1s" */
  heartbeat?: string;
  /** @default nothing beside what every command of a test has */
  env?: Record<string, string>;
}

/**
 * A machine of its own on which an agent runs. While it exists this process has its $CELL_HOME, so clients of lib/service
 * reach its services: one at a time.
 */
export class NodeMachine extends Machine {
  readonly #homeBefore = process.env["CELL_HOME"];
  readonly #clients: RemoteService[] = [];

  constructor() {
    super();
    process.env["CELL_HOME"] = this.home;
  }

  /** A machine whose home is laid out and whose agent runs; `env` is what the agent finds in its environment. */
  static async up({ heartbeat = "1s", env = {} }: UpOptions = {}): Promise<NodeMachine> {
    const machine = new NodeMachine();
    try {
      mkdirSync(machine.home, { mode: 0o700 });
      machine.write("home/node.toml", `[node]\nid = "test"\nheartbeat = "${heartbeat}"\n`);
      await machine.ok(["up"], { env });
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs `cell ...args`, which has to succeed. */
  async ok(args: string[], options: CommandOptions = {}): Promise<Finished> {
    const finished = await this.cell(args, options);
    if (finished.exit === 0) return finished;
    throw new Error(`cell ${args.join(" ")} exited with ${finished.exit}:\n${finished.stdout}${finished.stderr}`);
  }

  /** Writes `source` as NAME.ts and deploys it, which has to succeed. */
  deploy(name: string, source: string, args: string[] = []): Promise<Finished> {
    return this.ok(["deploy", this.write(`${name}.ts`, source), ...args]);
  }

  /** The result of a command that prints JSON. */
  async json<T>(args: string[]): Promise<T> {
    return JSON.parse((await this.ok(args)).stdout) as T;
  }

  /** What `cell call` prints, as a value. */
  call<T>(service: string, method: string, ...args: string[]): Promise<T> {
    return this.json<T>(["call", service, method, ...args]);
  }

  /** A client in this process, closed with the machine. */
  async connect(service: string, options: ConnectServiceOptions = {}): Promise<RemoteService> {
    const client = await connectService(service, options);
    this.#clients.push(client);
    return client;
  }

  /** The agent's view of itself. */
  async status(): Promise<NodeStatus> {
    await using nucleus = await connectNucleus();
    return await nucleus.status();
  }

  /** The agent's view of the instances, of all services or of one. */
  async instances(service?: string): Promise<InstanceStatus[]> {
    await using nucleus = await connectNucleus();
    const all = await nucleus.instances();
    return all.filter((instance) => service === undefined || instance.service === service);
  }

  /** Waits until what the agent says about a service's instances satisfies `condition`. */
  async untilInstances(
    service: string,
    what: string,
    condition: (instances: InstanceStatus[]) => boolean,
    waitMs?: number,
  ): Promise<InstanceStatus[]> {
    let last: InstanceStatus[] = [];
    try {
      return await until(
        async () => {
          last = await this.instances(service);
          return condition(last) ? last : undefined;
        },
        `${service}: ${what}`,
        waitMs,
      );
    } catch (error) {
      throw new Error(`${String(error)}; the last answer was ${Bun.inspect(last)}`);
    }
  }

  /** Waits until exactly `count` instances are there and all are up. */
  untilUp(service: string, count: number): Promise<InstanceStatus[]> {
    return this.untilInstances(
      service,
      `${count} instances to be up`,
      (all) => all.length === count && all.every(({ state }) => state === "up"),
    );
  }

  /** Waits until the agent says that all is as asked for: an instance that was kept waiting for a core is not, for a moment. */
  async untilHealthy(): Promise<void> {
    let last: Finished | undefined;
    try {
      await until(async () => (last = await this.cell(["health"])).exit === 0, "the node to be healthy");
    } catch (error) {
      throw new Error(`${String(error)}; the last answer was ${last?.stdout}${last?.stderr}`);
    }
  }

  /** The pids of a service's instances, by number. */
  async pids(service: string): Promise<number[]> {
    return (await this.instances(service)).map(({ pid }) => pid ?? 0);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    try {
      await super[Symbol.asyncDispose]();
    } finally {
      if (this.#homeBefore === undefined) delete process.env["CELL_HOME"];
      else process.env["CELL_HOME"] = this.#homeBefore;
    }
  }
}
