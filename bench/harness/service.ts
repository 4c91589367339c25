import { copyFileSync, existsSync } from "node:fs";
import { basename, join } from "node:path";
import { CellError } from "../../lib/base/mod.ts";
import { dialUnix } from "../../lib/net/mod.ts";
import { createClient, type RpcClient } from "../../lib/rpc/mod.ts";
import type { CaseContext } from "./case.ts";
import { LoadClient } from "./load_client.ts";
import { anywhere, type Placement } from "./placement.ts";
import type { Program } from "./program.ts";

/** A service that does not answer within this has failed. */
const READY_TIMEOUT_MS = 20_000;
/** How often a starting service is tried: also the error of a measured start, in our disfavour. */
const RETRY_MS = 1;

const ROOT = join(import.meta.dir, "..", "..");

/** What `ServiceProcess` runs, and how. */
interface ServiceProcessOptions {
  /** The service's file, from the root of the repository. */
  source: string;
  /** A call, with its answer checked. */
  ask(client: RpcClient): Promise<void>;
  /** @default wherever the scheduler puts the service and its clients */
  placement?: Placement;
}

/** `cell run` of a file with a CELL_HOME of its own, in which it may be started again and again. */
export class ServiceProcess {
  readonly name: string;
  readonly home: string;
  readonly socket: string;
  private readonly file: string;

  constructor(private readonly context: CaseContext, private readonly options: ServiceProcessOptions) {
    const directory = context.resources.temporaryDirectory();
    this.name = basename(options.source, ".ts");
    this.home = join(directory, "home");
    this.socket = join(this.home, "run", `${this.name}.sock`);
    this.file = join(directory, basename(options.source));
    copyFileSync(join(ROOT, options.source), this.file);
  }

  /** Starts it and returns at once. */
  spawn(): Program {
    const { resources, binary } = this.context;
    return resources.start(this.placed([binary, "run", this.file], "server"), { env: { CELL_HOME: this.home } });
  }

  /** Starts it and returns once it has answered a call. */
  async start(): Promise<Program> {
    const program = this.spawn();
    const client = await this.connect(program);
    await this.options.ask(client);
    await client.close();
    return program;
  }

  /**
   * Starts a program of `load/` that calls it, whose first argument is the service's name; returns once it is ready.
   * `transport`: "auto" is what a user gets who does not choose.
   */
  async startClient(script: string, transport: "auto" | "uds", ...args: string[]): Promise<LoadClient> {
    const command = [process.execPath, join(ROOT, "bench", "load", script), this.name, ...args];
    const env = { CELL_HOME: this.home, CELL_TRANSPORT: transport };
    const program = this.context.resources.start(this.placed(command, "client"), { env });
    await program.answer();
    return new LoadClient(program);
  }

  /** Connects as soon as `program` listens; `socket` may be that of a tap in between. */
  async connect(program: Program, socket = this.socket): Promise<RpcClient> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadline) {
      program.assertRunning();
      if (existsSync(socket)) {
        try {
          return createClient(await dialUnix(socket));
        } catch (thrown) {
          const starting = thrown instanceof CellError &&
            (thrown.code === "UNAVAILABLE" || thrown.code === "NOT_FOUND");
          if (!starting) throw thrown;
        }
      }
      await Bun.sleep(RETRY_MS);
    }
    throw new CellError(
      "DEADLINE_EXCEEDED",
      `"cell run ${this.name}.ts" did not listen at ${socket} in ${READY_TIMEOUT_MS} ms`,
    );
  }

  private placed(command: string[], role: "server" | "client"): string[] {
    return (this.options.placement ?? anywhere)(command, role);
  }
}

/** The service of most cases: examples/hello.ts. */
export class HelloService extends ServiceProcess {
  constructor(context: CaseContext, placement: Placement = anywhere) {
    super(context, { source: "examples/hello.ts", ask: greet, placement });
  }
}

/** The call that the cases make, with its answer checked. */
export async function greet(client: RpcClient): Promise<void> {
  const answer = await client.call("greet", [{ name: "World" }]);
  if ((answer as { greeting?: unknown }).greeting !== "Hello, World!") {
    throw new CellError("INTERNAL", `greet answered ${JSON.stringify(answer)} instead of "Hello, World!"`);
  }
}
