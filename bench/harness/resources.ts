import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "./program.ts";

/** Everything that a run starts or creates, so that nothing of it survives the run. */
export class Resources {
  private readonly programs = new Set<Program>();
  private readonly directories = new Set<string>();

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

  /** Ends every program and removes every directory. */
  async release(): Promise<void> {
    await Promise.all([...this.programs].map((program) => program.stop()));
    this.removeDirectories();
  }

  /** The same at once, for a signal handler: nothing is waited for. */
  releaseNow(): void {
    for (const program of this.programs) program.kill();
    this.removeDirectories();
  }

  private removeDirectories(): void {
    for (const directory of this.directories) rmSync(directory, { recursive: true, force: true });
    this.directories.clear();
  }
}
