import { mkdirSync } from "node:fs";
import { toCellError } from "../../lib/base/mod.ts";
import { dialUnix } from "../../lib/net/mod.ts";
import {
  type CatalogInstance,
  type ClusterStatus,
  type Member,
  type NodeStatus,
  NUCLEUS_SCHEMA,
} from "../../lib/nucleus/client/mod.ts";
import { createClient } from "../../lib/rpc/mod.ts";
import { CommandMachine } from "./command_machine.ts";
import { processesOf } from "./end_home.ts";
import type { LanHost } from "./lan.ts";
import type { CommandOptions } from "./machine.ts";
import type { Running } from "./running.ts";
import type { Finished } from "./run_to_end.ts";
import { until } from "./until.ts";

/** How a node of a test's cluster is laid out. */
export interface ClusterNodeOptions {
  /** @default what node.toml has when it says nothing */
  region?: string;
  /** @default what node.toml has when it says nothing */
  zone?: string;
  /** Lines for [network], beside or instead of those that keep the node on loopback: `port = 20001`. */
  network?: string[];
  /** What its agent finds in its environment. */
  env?: Record<string, string>;
  /** The machine of a LAN that it is; then nothing is said of its network but `network`. */
  host?: LanHost;
}

/** The ports are the kernel's choice, and nobody is looked for beyond the addresses in a token. */
const NETWORK = {
  host: '"127.0.0.1"',
  addresses: '["127.0.0.1"]',
  port: "0",
  gossip_port: "0",
  multicast: "false",
  preset: '"local"',
};

/** An agent answers what it is asked within a fraction of this. */
const ASK_MS_MAX = 60_000;

/** A machine of its own as far as its home goes: all nodes of a cluster share the loopback interface. */
export class ClusterNode extends CommandMachine {
  constructor(readonly name: string, private readonly options: ClusterNodeOptions = {}) {
    super();
    mkdirSync(this.home, { mode: 0o700 });
    this.configure();
  }

  override cell(args: string[], options: CommandOptions = {}): Promise<Finished> {
    return super.cell(args, { ...this.#command(), ...options });
  }

  override start(args: string[], options: CommandOptions = {}): Running {
    return super.start(args, { ...this.#command(), ...options });
  }

  #command(): CommandOptions {
    return this.options.host === undefined ? {} : { command: this.options.host.command };
  }

  /** Writes node.toml anew; the agent reads it when it starts. */
  configure({ region, zone, network = [] }: ClusterNodeOptions = this.options): void {
    const place = Object.entries({ region, zone }).filter(([, value]) => value !== undefined);
    const given = new Set(network.map((line) => line.split("=")[0]!.trim()));
    const loopback = this.options.host === undefined ? NETWORK : { preset: NETWORK.preset };
    const defaults = Object.entries(loopback).filter(([key]) => !given.has(key));
    const lines = [
      "[node]",
      `id = "${this.name}"`,
      'heartbeat = "500ms"',
      ...place.map(([key, value]) => `${key} = "${value}"`),
      "[network]",
      ...defaults.map(([key, value]) => `${key} = ${value}`),
      ...network,
    ];
    this.write("home/node.toml", `${lines.join("\n")}\n`);
  }

  /** Runs `cell ...args`, which has to succeed. */
  async ok(args: string[], options: CommandOptions = {}): Promise<Finished> {
    const finished = await this.cell(args, options);
    if (finished.exit === 0) return finished;
    const command = `cell ${args.join(" ")}`;
    throw new Error(`${this.name}: ${command} exited with ${finished.exit}:\n${finished.stdout}${finished.stderr}`);
  }

  /** The result of a command that prints JSON; undefined where it prints nothing. */
  async json<T>(args: string[]): Promise<T> {
    const { stdout } = await this.ok(args);
    return (stdout === "" ? undefined : JSON.parse(stdout)) as T;
  }

  /** What `cell call` prints, as a value. */
  call<T>(service: string, method: string, ...args: string[]): Promise<T> {
    return this.json<T>(["call", service, method, ...args]);
  }

  /** Starts the agent. */
  async up(): Promise<void> {
    await this.ok(["up"], { env: this.options.env ?? {} });
  }

  /** Writes `source` as NAME.ts and deploys it, which has to succeed. */
  deploy(name: string, source: string, args: string[] = []): Promise<Finished> {
    return this.ok(["deploy", this.write(`${name}.ts`, source), ...args]);
  }

  /**
   * What the agent says, asked from this process: a command for each look would take the processor from what a test waits
   * for. Where no agent answers, a command asks, which waits for one that starts.
   */
  async ask<T>(method: string, ...args: string[]): Promise<T> {
    try {
      const client = createClient(await dialUnix(`${this.home}/run/nucleus.sock`), { schema: NUCLEUS_SCHEMA });
      try {
        return await client.call(method, args, { timeoutMs: ASK_MS_MAX }) as T;
      } finally {
        await client.close();
      }
    } catch (error) {
      if (toCellError(error).code !== "UNAVAILABLE") throw error;
      return this.call<T>("nucleus", method, ...args);
    }
  }

  status(): Promise<NodeStatus> {
    return this.ask("status");
  }

  cluster(): Promise<ClusterStatus> {
    return this.ask("cluster");
  }

  members(): Promise<Member[]> {
    return this.ask("members");
  }

  /** The instances of a service, of all nodes, that this node knows. */
  discover(service: string): Promise<CatalogInstance[]> {
    return this.ask("discover", service);
  }

  /** Makes a token that `uses` nodes may join with. */
  async token(uses = 1): Promise<string> {
    return (await this.call<{ token: string }>("nucleus", "createToken", `{"uses":${uses}}`)).token;
  }

  /** Becomes a member of the cluster that the token is of. */
  async join(token: string): Promise<void> {
    await this.call("nucleus", "join", token);
  }

  /** Pids of the agent, its workers, and whatever else runs with this home. */
  pids(): number[] {
    return processesOf(this.home);
  }

  async agentPid(): Promise<number> {
    return (await this.status()).pid;
  }

  /** SIGKILL to the agent alone; its workers go on. Resolves when it is gone. */
  async killAgent(): Promise<void> {
    const pid = await this.agentPid();
    process.kill(pid, "SIGKILL");
    await until(() => !this.pids().includes(pid), `the agent of ${this.name} to end`);
  }

  /** SIGKILL to everything at once, as when the power goes. Resolves when nothing is left. */
  async kill(): Promise<void> {
    await until(() => {
      const pids = this.pids();
      for (const pid of pids) signal(pid, "SIGKILL");
      return pids.length === 0;
    }, `everything of ${this.name} to end`);
  }

  /** Stops the agent and its workers in their tracks: to others the machine hangs. */
  freeze(): void {
    for (const pid of this.pids()) signal(pid, "SIGSTOP");
  }

  /** Lets them go on. */
  thaw(): void {
    for (const pid of this.pids()) signal(pid, "SIGCONT");
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
