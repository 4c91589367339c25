import { readFileSync } from "node:fs";
import { CellError } from "../../lib/base/mod.ts";

/** A process that has not ended by itself after this long is killed. */
const STOP_GRACE_MS = 3_000;
/** An answer that takes longer than this will not come. */
const ANSWER_TIMEOUT_MS = 60_000;
/** This much of the end of a failed process's stderr explains why. */
const STDERR_CHARACTERS_MAX = 2_000;

/** How a program is started. */
export interface ProgramOptions {
  command: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** The file that its stderr goes to. */
  stderrPath: string;
}

/** A process that takes a request per line of stdin and answers with a line of stdout; both are JSON. */
export class Program {
  /** Resolves when the process has ended. */
  readonly exited: Promise<number>;
  private readonly child: Bun.Subprocess<"pipe", "pipe", Bun.BunFile>;
  private readonly lines: AsyncGenerator<string, void, void>;
  private stopping = false;

  constructor(private readonly options: ProgramOptions) {
    this.child = Bun.spawn(options.command, {
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: "pipe",
      stdout: "pipe",
      stderr: Bun.file(options.stderrPath),
    });
    this.exited = this.child.exited;
    this.lines = linesOf(this.child.stdout);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** The next line of stdout as JSON. */
  async answer(): Promise<unknown> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(this.failure(`did not answer within ${ANSWER_TIMEOUT_MS} ms`)),
      ANSWER_TIMEOUT_MS,
    );
    try {
      const line = await Promise.race([this.lines.next(), late.promise]);
      if (line.done) throw this.failure(`ended with exit code ${await this.exited} instead of answering`);
      return JSON.parse(line.value);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a request and gives the answer. */
  ask(request: unknown): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    this.child.stdin.flush();
    return this.answer();
  }

  /** Throws with what the process said when it ended without being asked to. */
  assertRunning(): void {
    if (this.child.exitCode !== null && !this.stopping) {
      throw this.failure(`ended with exit code ${this.child.exitCode}`);
    }
  }

  /** Asks the process to end, and insists after a while. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.child.kill("SIGTERM");
    const insist = setTimeout(() => this.child.kill("SIGKILL"), STOP_GRACE_MS);
    await this.exited;
    clearTimeout(insist);
  }

  /** Ends the process at once. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  private failure(what: string): CellError {
    const said = readFileSync(this.options.stderrPath, "utf8").slice(-STDERR_CHARACTERS_MAX).trim();
    return new CellError(
      "INTERNAL",
      `${this.options.command.join(" ")} ${what}${said === "" ? "" : `; it said:\n${said}`}`,
    );
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
