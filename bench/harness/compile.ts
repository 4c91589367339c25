import { basename, join } from "node:path";
import { CellError } from "../../lib/base/mod.ts";
import { BUILD_FLAGS } from "../../scripts/build.ts";
import type { Resources } from "./resources.ts";

/** Compiles a program of `floor/` with the flags of `make build`; returns the executable's path. */
export function compileFloor(name: string, resources: Resources): string {
  const directory = resources.temporaryDirectory();
  const source = join(import.meta.dir, "..", "floor", name);
  const executable = join(directory, basename(name, ".ts"));
  const compiled = Bun.spawnSync([process.execPath, "build", ...BUILD_FLAGS, source, "--outfile", executable], {
    cwd: directory,
    stdout: "pipe",
    stderr: "pipe",
  });
  if (compiled.success) return executable;
  throw new CellError("INTERNAL", `compiling bench/floor/${name} failed:\n${compiled.stdout}${compiled.stderr}`);
}
