/**
 * Compiles main.ts into one executable: `bun scripts/build.ts OUT [TARGET]`. TARGET is one of Bun's, such as
 * bun-linux-arm64; the default is this machine.
 */
import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");

/** The flags of every build; the start benchmark compiles its empty program with the same. */
export const BUILD_FLAGS = [
  "--compile",
  "--bytecode",
  "--minify",
  "--sourcemap",
  "--format=esm",
  // A service runs in its user's folder: what lies there configures the user's tools, not this binary.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
];

/** Compiles the binary to `out` for `target`; throws with the compiler's output when it fails. */
export function build(out: string, target?: string): void {
  mkdirSync(dirname(out), { recursive: true });
  const flags = target === undefined ? BUILD_FLAGS : [...BUILD_FLAGS, `--target=${target}`];
  const compiled = Bun.spawnSync([process.execPath, "build", ...flags, join(root, "main.ts"), "--outfile", out], {
    cwd: root,
    stdout: "pipe",
    stderr: "pipe",
  });
  if (!compiled.success) throw new Error(`building ${out} failed:\n${compiled.stdout}${compiled.stderr}`);
  // The map is inside the executable; the copy beside it serves nobody.
  for (const map of [`${out}.map`, join(dirname(out), "main.js.map")]) rmSync(map, { force: true });
}

if (import.meta.main) {
  const [out, target] = process.argv.slice(2);
  if (out === undefined) throw new Error("usage: bun scripts/build.ts OUT [TARGET]");
  const started = performance.now();
  build(out, target);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.error(`built ${out}: ${(statSync(out).size / 2 ** 20).toFixed(0)} MiB in ${seconds} s`);
}
