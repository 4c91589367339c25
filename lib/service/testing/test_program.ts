import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestHome } from "./test_home.ts";

/** A test that waits longer than this for a condition has found a defect. */
const WAIT_MS_MAX = 45_000;

const service = JSON.stringify(join(import.meta.dir, "../mod.ts"));
const sdk = JSON.stringify(join(import.meta.dir, "../../../sdk/mod.ts"));

/** What `cell run FILE [NAME]` and `cell __schema FILE NAME` do, and nothing else. */
const SOURCE = `
import { cacheSchema, drainOnSignals, runFile } from ${service};
const [first, second, third] = process.argv.slice(2);
const log = (line) => console.error(line);
if (first === "__schema") {
  console.error("reading types");
  await cacheSchema(second, third);
} else {
  try {
    const outcome = await runFile(first, {
      ...(second === undefined ? {} : { name: second }),
      sdk: await import(${sdk}),
      schemaCommand: [process.execPath, "__schema"],
      log,
      onReady: (service) => {
        drainOnSignals(service, log);
        log(service.name + " is ready " + service.schema.species);
      },
    });
    if (outcome.kind === "service") {
      await outcome.service.stopped;
      process.exit(0);
    }
  } catch (error) {
    log("error: " + error.code + ": " + error.message);
    process.exit(1);
  }
}
`;

/** The compiled program: one for all tests of a file, since compiling takes seconds. */
export class TestProgram implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "cell-program-"));
  readonly path = join(this.#folder, "program");

  constructor() {
    const main = join(this.#folder, "main.ts");
    writeFileSync(main, SOURCE);
    const flags = ["--compile", "--bytecode", "--minify", "--format=esm", "--splitting"];
    const built = Bun.spawnSync([process.execPath, "build", ...flags, main, "--outfile", this.path], {
      cwd: join(import.meta.dir, "../../.."),
      stdout: "pipe",
      stderr: "pipe",
    });
    if (!built.success) throw new Error(`compiling the test program failed:\n${built.stdout}${built.stderr}`);
  }

  /** Starts a file in a test's home; it is killed with the home at the latest. */
  start(home: TestHome, file: string, ...args: string[]): Child {
    const child = new Child([this.path, file, ...args], home);
    home.defer(() => child.kill());
    return child;
  }

  /** Starts a file as a service and waits until it answers. */
  async serve(home: TestHome, file: string, ...args: string[]): Promise<Child> {
    const child = this.start(home, file, ...args);
    await child.until(() => child.stderr.includes("is ready"), "the service to be ready");
    return child;
  }

  /** Runs a file to its end. */
  async run(home: TestHome, file: string, ...args: string[]): Promise<Finished> {
    const child = this.start(home, file, ...args);
    const exitCode = await child.exited();
    return { exitCode, stdout: child.stdout, stderr: child.stderr };
  }

  /** The schema of a file, as JSON. */
  async schema(home: TestHome, file: string, name: string): Promise<string> {
    const { stdout } = await this.run(home, "__schema", file, name);
    return JSON.stringify(JSON.parse(stdout).result.schema);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** How a process ended, and what it said. */
export interface Finished {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A process of a test, with what it has said so far. */
export class Child {
  stdout = "";
  stderr = "";
  readonly #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #ended: Promise<unknown>;
  readonly #waiters = new Set<() => void>();

  constructor(command: string[], home: TestHome) {
    this.#process = Bun.spawn(command, {
      cwd: home.folder,
      env: { PATH: process.env["PATH"], CELL_HOME: process.env["CELL_HOME"] ?? home.home },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#ended = Promise.all([
      this.#collect(this.#process.stdout, (text) => this.stdout += text),
      this.#collect(this.#process.stderr, (text) => this.stderr += text),
      this.#process.exited,
    ]);
    void this.#ended.then(() => this.#wake());
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The exit code, once all output has arrived. */
  async exited(): Promise<number> {
    await this.#ended;
    return this.#process.exitCode ?? -1;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  /** Resolves when `condition` holds; it is looked at after every output. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const timeout = AbortSignal.timeout(WAIT_MS_MAX);
    timeout.addEventListener("abort", () => this.#wake());
    while (!condition()) {
      const isOver = this.#process.exitCode !== null || this.#process.signalCode !== null;
      if (isOver) await this.#ended;
      if (condition()) return;
      if (isOver || timeout.aborted) throw new Error(`waited for ${what}:\n${this.stdout}\n---\n${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>, append: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      append(decoder.decode(chunk, { stream: true }));
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }
}
