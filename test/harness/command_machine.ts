import { Glob } from "bun";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, type CommandOptions, Machine } from "./machine.ts";
import { type Finished, runToEnd } from "./run_to_end.ts";
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

  /** Runs lines of bash in which `cell` is the command. */
  bash(lines: string): Promise<Finished> {
    return this.#run(["bash", "-c", `cell() { ${COMMAND.map((word) => `'${word}'`).join(" ")} "$@"; }\n${lines}`]);
  }

  /** Runs a file of sh in which `cell` is the command. */
  script(path: string): Promise<Finished> {
    const folder = join(this.folder, "bin");
    mkdirSync(folder, { recursive: true });
    const words = COMMAND.map((word) => `'${word}'`).join(" ");
    writeFileSync(join(folder, "cell"), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    return this.#run(["sh", path], { PATH: `${folder}:${process.env["PATH"] ?? ""}` });
  }

  #run(command: string[], env: Record<string, string> = {}): Promise<Finished> {
    return runToEnd(command, { cwd: this.folder, env: this.environment(env) });
  }
}
