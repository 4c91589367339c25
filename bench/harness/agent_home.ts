import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CellError, SECOND } from "../../lib/base/mod.ts";
import type { InstanceStatus } from "../../lib/nucleus/client/mod.ts";
import { dialUnix } from "../../lib/net/mod.ts";
import { createClient, type RpcClient } from "../../lib/rpc/mod.ts";
import type { CaseContext } from "./case.ts";
import type { Program } from "./program.ts";

/** A command of ours that takes longer than this hangs. */
const COMMAND_MS_MAX = 60 * SECOND;

const HELLO = join(import.meta.dir, "..", "..", "examples", "hello.ts");

/** A $CELL_HOME with an agent, used as a user does: with commands; and looked at through the agent's own service. */
export class AgentHome {
  readonly home: string;
  private readonly sources: string;

  protected constructor(private readonly context: CaseContext) {
    this.home = context.resources.agentHome();
    this.sources = context.resources.temporaryDirectory();
  }

  /** Lays a home out and starts its agent. */
  static async up(context: CaseContext): Promise<AgentHome> {
    const agentHome = new AgentHome(context);
    await agentHome.cell("up");
    return agentHome;
  }

  /** Writes examples/hello.ts, with something appended, as NAME.ts in a folder of its own; returns its path. */
  writeHello(name: string, appended = ""): string {
    return this.write(name, `${readFileSync(HELLO, "utf8")}${appended}`);
  }

  /** Writes a service's source as NAME.ts in a folder of its own; returns its path. */
  write(name: string, source: string): string {
    const folder = join(this.sources, name);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.ts`);
    writeFileSync(path, source);
    return path;
  }

  /** Runs `cell ...args` to its end, which has to be a success. */
  async cell(...args: string[]): Promise<void> {
    const child = Bun.spawn([this.context.binary, ...args], {
      env: { ...process.env, CELL_HOME: this.home },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: COMMAND_MS_MAX,
    });
    const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    if (code === 0) return;
    throw new CellError("INTERNAL", `cell ${args.join(" ")} exited with ${code}; it said:\n${stdout}${stderr}`);
  }

  /** Starts a program of `load/` that calls services of this home. */
  startClient(file: string, ...args: string[]): Program {
    const script = join(import.meta.dir, "..", "load", file);
    return this.context.resources.start([process.execPath, script, ...args], { env: { CELL_HOME: this.home } });
  }

  /** What the agent says of its instances. */
  instances(): Promise<InstanceStatus[]> {
    return this.ask("instances");
  }

  /** The pids of the instances that answer calls. Throws when there are not `count` of them. */
  async pidsUp(count: number): Promise<number[]> {
    const instances = await this.instances();
    const pids = instances.flatMap(({ state, pid }) => (state === "up" && pid !== null ? [pid] : []));
    if (pids.length === count) return pids;
    const found = instances.map(({ instance, state, reason }) => `${instance} ${state}${reason ? ` (${reason})` : ""}`);
    throw new CellError("INTERNAL", `expected ${count} instances that are up, found: ${found.join(", ") || "none"}`);
  }

  /** The agent's process. */
  async agentPid(): Promise<number> {
    return (await this.ask<{ pid: number }>("status")).pid;
  }

  /** Calls a method of the agent. */
  protected async ask<T>(method: string, ...args: unknown[]): Promise<T> {
    const client: RpcClient = createClient(await dialUnix(join(this.home, "run", "nucleus.sock")));
    try {
      return (await client.call(method, args)) as T;
    } finally {
      await client.close();
    }
  }
}
