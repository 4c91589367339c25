import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../../lib/base/mod.ts";
import { dialUnix } from "../../lib/net/mod.ts";
import { createClient, type RpcClient } from "../../lib/rpc/mod.ts";
import type { CaseContext } from "./case.ts";
import type { Program } from "./program.ts";

/** A service that does not answer within this has failed. */
const READY_TIMEOUT_MS = 20_000;
/** How often a starting service is tried: also the error of a measured start, in our disfavour. */
const RETRY_MS = 1;

const HELLO = join(import.meta.dir, "..", "..", "examples", "hello.ts");

/** `cell run hello.ts` with a CELL_HOME of its own, in which it may be started again and again. */
export class HelloService {
  readonly home: string;
  readonly socket: string;
  private readonly file: string;

  /** `wrap` may put something in front of the command. */
  constructor(private readonly context: CaseContext, private readonly wrap = (command: string[]) => command) {
    const directory = context.resources.temporaryDirectory();
    this.home = join(directory, "home");
    this.socket = join(this.home, "run", "hello.sock");
    this.file = join(directory, "hello.ts");
    copyFileSync(HELLO, this.file);
  }

  /** Starts it and returns at once. */
  spawn(): Program {
    const { resources, binary } = this.context;
    return resources.start(this.wrap([binary, "run", this.file]), { env: { CELL_HOME: this.home } });
  }

  /** Starts it and returns once it has answered a call. */
  async start(): Promise<Program> {
    const program = this.spawn();
    const client = await this.connect(program);
    await greet(client);
    await client.close();
    return program;
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
      `"cell run hello.ts" did not listen at ${socket} in ${READY_TIMEOUT_MS} ms`,
    );
  }
}

/** The call that the cases make, with its answer checked. */
export async function greet(client: RpcClient): Promise<void> {
  const answer = await client.call("greet", [{ name: "World" }]);
  if ((answer as { greeting?: unknown }).greeting !== "Hello, World!") {
    throw new CellError("INTERNAL", `greet answered ${JSON.stringify(answer)} instead of "Hello, World!"`);
  }
}
