import { CellError } from "../../lib/base/mod.ts";
import { type Case, compare, compileFloor, interleave } from "../harness/mod.ts";

const ROUNDS = { warmUps: 5, rounds: 60 };

/** From spawn to exit of `cell --version`, beside an empty program that is compiled with the same flags. */
export const start: Case = {
  name: "start",
  summary: "`cell --version` from spawn to exit, beside an empty compiled Bun program",
  needsBinary: true,
  async measure({ resources, binary }) {
    const empty = compileFloor("empty.ts", resources);
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
