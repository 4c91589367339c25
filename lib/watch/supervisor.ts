import { SECOND } from "../base/mod.ts";
import { assertUserServiceName, type Claim, claimName, ourImports, readSource, sourceFile } from "../service/mod.ts";
import { FileWatcher } from "./files.ts";

/** How long calls in flight hold up a restart: whoever edits does not want to wait for a stream that never ends. */
const DRAIN_MS_MAX = 3 * SECOND;
/** Where a child finds the lock: the first descriptor behind stdin, stdout and stderr. */
const LOCK_FD = 3;
/** Where a child finds a pipe that ends when this process does, however it ends. */
const PARENT_FD = 4;
/** The shell's exit code of a process that a signal ended, less the signal's number. */
const SIGNAL_EXIT_BASE = 128;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** How a file is supervised. */
export interface SuperviseOptions {
  /** The service's name, held until the end. */
  name: string;
  /** Serves when FILE NAME LOCK_FD PARENT_FD ARG... are appended. */
  serveCommand: readonly string[];
  /** Calls `cacheSchema` when FILE NAME are appended. */
  schemaCommand: readonly string[];
  /** Arguments of a script. */
  args: readonly string[];
  log: (line: string) => void;
  /** Takes what is wrong with the file. */
  report: (error: unknown) => void;
}

/** Serves a file, starting again on every change, until SIGTERM or SIGINT. Resolves to the exit code. */
export async function superviseFile(file: string, options: SuperviseOptions): Promise<number> {
  assertUserServiceName(options.name);
  const claim = await claimName(options.name);
  try {
    return await new Supervisor(file, options, claim).run();
  } finally {
    claim.release();
  }
}

type Event = "change" | "exit" | keyof typeof SIGNAL_NUMBERS;

class Supervisor {
  readonly #events: Event[] = [];
  #wake: (() => void) | undefined;
  #child: Bun.Subprocess | undefined;

  constructor(
    private readonly file: string,
    private readonly options: SuperviseOptions,
    private readonly claim: Claim,
  ) {}

  async run(): Promise<number> {
    const watcher = new FileWatcher(() => this.#emit("change"));
    const onTerminate = (): void => this.#emit("SIGTERM");
    const onInterrupt = (): void => this.#emit("SIGINT");
    process.on("SIGTERM", onTerminate).on("SIGINT", onInterrupt);
    try {
      // Watched from the beginning: a first version that has a mistake is corrected, too.
      watcher.watch([this.file]);
      if (await this.#tryChange(watcher)) this.#start();
      for (;;) {
        const event = await this.#next();
        if (event === "exit") this.#reportExit();
        else if (event === "change") await this.#restart(watcher);
        else return await this.#stop(event);
      }
    } finally {
      watcher.close();
      process.off("SIGTERM", onTerminate).off("SIGINT", onInterrupt);
    }
  }

  async #restart(watcher: FileWatcher): Promise<void> {
    this.options.log(`${this.options.name}: changed`);
    if (!(await this.#tryChange(watcher))) {
      if (this.#child !== undefined) {
        this.options.log(`${this.options.name}: the code before the change goes on serving`);
      }
      return;
    }
    await this.#drain();
    this.#start();
  }

  /** Reads the schema of what is on the disk now; false when that has a mistake, which has been reported. */
  async #tryChange(watcher: FileWatcher): Promise<boolean> {
    const { name, schemaCommand, report } = this.options;
    try {
      const path = sourceFile(this.file);
      // What the text refers to is watched even if it cannot be read as types: there the mistake may be.
      watcher.watch(ourImports(path).files);
      const { files } = await readSource(path, name, schemaCommand);
      watcher.watch([...ourImports(path).files, ...files]);
      return true;
    } catch (error) {
      report(error);
      return false;
    }
  }

  #start(): void {
    const { serveCommand, name, args } = this.options;
    const child = Bun.spawn([...serveCommand, this.file, name, String(LOCK_FD), String(PARENT_FD), ...args], {
      stdio: ["inherit", "inherit", "inherit", this.claim.lockFd, "pipe"],
      onExit: () => {
        if (this.#child === child) this.#emit("exit");
      },
    });
    this.#child = child;
  }

  /** Ends the child; after some seconds its calls end with it. */
  async #drain(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), DRAIN_MS_MAX);
    await child.exited;
    clearTimeout(timer);
  }

  #reportExit(): void {
    const child = this.#child;
    this.#child = undefined;
    const how = child?.signalCode ? `by ${child.signalCode}` : `with exit code ${child?.exitCode}`;
    this.options.log(`${this.options.name}: ended ${how}; waiting for a change`);
  }

  /**
   * Lets the child drain and takes over its exit code; a second signal ends both at once. A child hears of Ctrl-C from the
   * terminal as well and ignores it: what it obeys is the SIGTERM from here.
   */
  async #stop(signal: keyof typeof SIGNAL_NUMBERS): Promise<number> {
    const child = this.#child;
    if (child === undefined) return SIGNAL_EXIT_BASE + SIGNAL_NUMBERS[signal];
    this.#child = undefined;
    child.kill("SIGTERM");
    const ended = child.exited.then(() => "ended" as const);
    for (;;) {
      const event = await Promise.race([ended, this.#next()]);
      if (event === "ended") return child.exitCode ?? SIGNAL_EXIT_BASE + SIGNAL_NUMBERS[signal];
      if (event === "SIGTERM" || event === "SIGINT") child.kill("SIGKILL");
    }
  }

  #emit(event: Event): void {
    // Changes that pile up while one is handled are one change.
    if (event === "change" && this.#events.includes("change")) return;
    this.#events.push(event);
    this.#wake?.();
  }

  async #next(): Promise<Event> {
    while (this.#events.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#events.shift()!;
  }
}
