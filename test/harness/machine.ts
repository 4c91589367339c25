import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { endHome } from "./end_home.ts";
import { Running } from "./running.ts";
import { type Finished, runToEnd } from "./run_to_end.ts";

/** The binary under test: dist/cell, or what CELL_BINARY names. */
export const BINARY = resolve(process.env["CELL_BINARY"] ?? join(import.meta.dir, "../../dist/cell"));

/** What a command of a test gets beside its arguments. */
export interface CommandOptions {
  stdin?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** Another program than the binary under test, such as an emulator in front of it. */
  command?: string[];
}

/**
 * A machine of its own for one test: an empty folder to work in, an empty $CELL_HOME, and every process that the test
 * starts. `await using machine = new Machine()` ends those processes, and those that they left in the home (an agent and
 * its workers), and removes the folders.
 */
export class Machine implements AsyncDisposable {
  /** The program that `cell` and `start` run. */
  readonly binary = BINARY;
  readonly folder: string;
  readonly home: string;
  readonly #running: Running[] = [];

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "cell-test-"));
    this.home = join(this.folder, "home");
  }

  /** Writes a file below the working folder; returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Runs `cell ...args` to its end. */
  cell(args: string[], options: CommandOptions = {}): Promise<Finished> {
    return runToEnd([...(options.command ?? [BINARY]), ...args], {
      cwd: options.cwd ?? this.folder,
      env: this.environment(options.env),
      stdin: options.stdin,
    });
  }

  /** Starts `cell ...args` and leaves it running. */
  start(args: string[], options: CommandOptions = {}): Running {
    const running = new Running([...(options.command ?? [BINARY]), ...args], {
      cwd: options.cwd ?? this.folder,
      env: this.environment(options.env),
    });
    this.#running.push(running);
    return running;
  }

  /** Writes `source` as a service file, runs it and waits until it serves. */
  async serve(file: string, source: string, args: string[] = []): Promise<Running> {
    const running = this.start(["run", this.write(file, source), ...args]);
    await running.serving();
    return running;
  }

  environment(extra: Record<string, string> = {}): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: this.folder,
      CELL_HOME: this.home,
      NO_COLOR: "1",
      ...extra,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((running) => running.kill()));
    await endHome(this.home);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
