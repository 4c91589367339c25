import { Glob } from "bun";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { BINARY, type CommandOptions, type Finished, Machine } from "./machine.ts";
import type { Running } from "./running.ts";

const ROOT = join(import.meta.dir, "../..");

/**
 * What the commands' tests run: the binary when it was built from the sources as they are, else Bun with main.ts, which
 * does the same and starts much later.
 */
export const COMMAND = isBuilt() ? [BINARY] : [process.execPath, join(ROOT, "main.ts")];

function isBuilt(): boolean {
  if (!existsSync(BINARY)) return false;
  const builtMs = statSync(BINARY).mtimeMs;
  const sources = ["package.json", "main.ts", ...new Glob("{cmd,sdk,lib}/**/*.ts").scanSync(ROOT)];
  return sources.every((path) => path.endsWith(".test.ts") || statSync(join(ROOT, path)).mtimeMs < builtMs);
}

/** A machine of its own on which `cell` is `COMMAND`. */
export class CommandMachine extends Machine {
  override cell(args: string[], options: CommandOptions = {}): Promise<Finished> {
    return super.cell(args, { command: COMMAND, ...options });
  }

  override start(args: string[], options: CommandOptions = {}): Running {
    return super.start(args, { command: COMMAND, ...options });
  }

  /** Runs a script of bash in which `cell` is the command. */
  async bash(script: string): Promise<Finished> {
    const child = Bun.spawn([
      "bash",
      "-c",
      `cell() { ${COMMAND.map((word) => `'${word}'`).join(" ")} "$@"; }\n${script}`,
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
