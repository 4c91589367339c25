import { WAIT_MS_MAX } from "./until.ts";

/** A process that a test left running, with what it has printed so far. */
export class Running {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #waiters = new Set<() => void>();
  readonly #drained: Promise<unknown>;
  stdout = "";
  stderr = "";

  constructor(command: string[], options: { cwd: string; env: Record<string, string> }) {
    this.#child = Bun.spawn(command, { ...options, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    this.#drained = Promise.all([
      this.#collect(this.#child.stdout, (text) => (this.stdout += text)),
      this.#collect(this.#child.stderr, (text) => (this.stderr += text)),
    ]);
    this.#child.exited.then(() => this.#wake());
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The exit code once the process has ended and its output is complete; 128 + n after signal n. */
  async exited(): Promise<number> {
    const code = await this.#child.exited;
    await this.#drained;
    return code;
  }

  /** Resolves when the service says that it is ready. */
  async serving(): Promise<void> {
    // Not only "ready": a name that is taken is "already" served.
    await this.until(() => this.stderr.includes(" is ready"), "the service to be ready");
  }

  /** Resolves when `condition` holds; it is looked at after every output and at the exit. */
  async until(condition: () => boolean, what: string, waitMs = WAIT_MS_MAX): Promise<void> {
    const deadline = AbortSignal.timeout(waitMs);
    while (!condition()) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        await this.#drained;
        if (condition()) return;
        throw new Error(`waited for ${what}, but the process ended with ${this.#child.exitCode}:\n${this.#output()}`);
      }
      if (deadline.aborted) throw new Error(`waited ${waitMs} ms for ${what}:\n${this.#output()}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiters.delete(wake);
          deadline.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiters.add(wake);
        deadline.addEventListener("abort", wake);
      });
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends the process, however it feels about that. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited();
  }

  async #collect(stream: ReadableStream<Uint8Array>, append: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      append(decoder.decode(chunk, { stream: true }));
      this.#wake();
    }
  }

  #output(): string {
    return `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}
