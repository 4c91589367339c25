import { join } from "node:path";
import { CellError } from "../../lib/base/mod.ts";
import { BUILD_FLAGS } from "../../scripts/build.ts";
import { type Case, compare, interleave } from "../harness/mod.ts";

const ROUNDS = { warmUps: 5, rounds: 60 };

/** From spawn to exit of `cell --version`, beside an empty program that is compiled with the same flags. */
export const start: Case = {
  name: "start",
  summary: "`cell --version` from spawn to exit, beside an empty compiled Bun program",
  needsBinary: true,
  async measure({ resources, binary, progress }) {
    progress("compiling the empty program");
    const directory = resources.temporaryDirectory();
    const empty = join(directory, "empty");
    const source = join(import.meta.dir, "..", "floor", "empty.ts");
    const compiled = Bun.spawnSync([process.execPath, "build", ...BUILD_FLAGS, source, "--outfile", empty], {
      cwd: directory,
      stdout: "pipe",
      stderr: "pipe",
    });
    if (!compiled.success) {
      throw new CellError("INTERNAL", `compiling the empty program failed:\n${compiled.stdout}${compiled.stderr}`);
    }
    const comparison = await interleave(
      ROUNDS,
      () => spawnToExitMs([binary, "--version"]),
      () => spawnToExitMs([empty]),
    );
    return [
      compare(comparison, {
        metric: "spawn to exit",
        unit: "ms",
        reference: "empty compiled Bun program",
        target: { ratioMax: 1.5 },
      }),
    ];
  },
};

function spawnToExitMs(command: string[]): number {
  const started = performance.now();
  const { success, stderr } = Bun.spawnSync(command, { stdout: "ignore", stderr: "pipe" });
  const elapsed = performance.now() - started;
  if (!success) throw new CellError("INTERNAL", `${command.join(" ")} failed:\n${stderr}`);
  return elapsed;
}
