import { join } from "node:path";
import { type CommandOptions, type Finished, Machine, type Running } from "../../test/harness/mod.ts";

/** Bun with main.ts: what the binary does, without building it. */
export const SOURCE_COMMAND = [process.execPath, join(import.meta.dir, "../../main.ts")];

/** A machine of its own on which `cell` is run from its source. */
export class SourceMachine extends Machine {
  override cell(args: string[], options: CommandOptions = {}): Promise<Finished> {
    return super.cell(args, { command: SOURCE_COMMAND, ...options });
  }

  override start(args: string[], options: CommandOptions = {}): Running {
    return super.start(args, { command: SOURCE_COMMAND, ...options });
  }

  /** Runs a line of bash in which "$CELL" stands for the command. */
  async bash(script: string): Promise<Finished> {
    const child = Bun.spawn([
      "bash",
      "-c",
      `cell() { ${SOURCE_COMMAND.map((word) => `'${word}'`).join(" ")} "$@"; }\n${script}`,
    ], {
      cwd: this.folder,
      env: this.environment(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, exit] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { exit, stdout, stderr };
  }
}
