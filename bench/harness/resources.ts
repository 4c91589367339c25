import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endHome, processesOf } from "../../test/harness/mod.ts";
import { Program } from "./program.ts";

/** An agent may start a worker while its home is being emptied; after this many looks nobody is left to start any. */
const LOOKS_MAX = 20;

/** Everything that a run starts or creates, so that nothing of it survives the run. */
export class Resources {
  private readonly programs = new Set<Program>();
  private readonly directories = new Set<string>();
  private readonly homes = new Set<string>();

  /** Starts a program that ends with the run at the latest. */
  start(command: string[], options: { env?: Record<string, string>; cwd?: string } = {}): Program {
    const program = new Program({ command, ...options, stderrPath: join(this.temporaryDirectory(), "stderr") });
    this.programs.add(program);
    program.exited.then(() => this.programs.delete(program));
    return program;
  }

  /** A new directory under the system's temporary one. */
  temporaryDirectory(): string {
    const directory = mkdtempSync(join(tmpdir(), "cell-bench-"));
    this.directories.add(directory);
    return directory;
  }

  /** A new $CELL_HOME: an agent in it and its workers end with the run at the latest. */
  agentHome(): string {
    const home = join(this.temporaryDirectory(), "home");
    this.homes.add(home);
    return home;
  }

  /** Ends every program and agent and removes every directory. */
  async release(): Promise<void> {
    await Promise.all([...this.programs].map((program) => program.stop()));
    await Promise.all([...this.homes].map(endHome));
    this.removeDirectories();
  }

  /** The same at once, for a signal handler: nothing is waited for. */
  releaseNow(): void {
    for (const program of this.programs) program.kill();
    for (const home of this.homes) endHomeNow(home);
    this.removeDirectories();
  }

  private removeDirectories(): void {
    for (const directory of this.directories) rmSync(directory, { recursive: true, force: true });
    this.directories.clear();
    this.homes.clear();
  }
}

function endHomeNow(home: string): void {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const pids = processesOf(home);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }
}
