import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How a finished command ended. */
export interface Finished {
  exit: number;
  stdout: string;
  stderr: string;
}

/** Where and with what a command runs. */
export interface RunOptions {
  cwd: string;
  env: Record<string, string>;
  stdin?: string | undefined;
}

/**
 * Runs a program to its end. What it prints goes into files: now and then a pipe of a child stayed unread while connections were
 * opened and closed beside it, and then the output never came.
 */
export async function runToEnd(command: string[], { cwd, env, stdin }: RunOptions): Promise<Finished> {
  const folder = mkdtempSync(join(tmpdir(), "cell-output-"));
  const [out, err] = [join(folder, "stdout"), join(folder, "stderr")];
  try {
    const child = Bun.spawn(command, {
      cwd,
      env,
      stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
      stdout: Bun.file(out),
      stderr: Bun.file(err),
    });
    const exit = await child.exited;
    return { exit, stdout: readFileSync(out, "utf8"), stderr: readFileSync(err, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
