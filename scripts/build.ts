/**
 * Compiles main.ts into one executable: `bun scripts/build.ts OUT [TARGET]`. TARGET is one of Bun's, such as
 * bun-linux-arm64; the default is this machine.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const root = join(import.meta.dir, "..");

/** The flags of every build; the start benchmark compiles its empty program with the same. */
export const BUILD_FLAGS = [
  "--compile",
  "--bytecode",
  "--minify",
  "--sourcemap",
  "--format=esm",
  // What a command imports on demand is a chunk of its own; in one piece every start would read the compiler, too.
  "--splitting",
  // A service runs in its user's folder: what lies there configures the user's tools, not this binary.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  // The packages beside a service say in theirs what an import of them means.
  "--compile-autoload-package-json",
  // And the project's tsconfig.json which file its short names stand for: what passes a type check runs.
  "--compile-autoload-tsconfig",
];

/** Compiles the binary to `out` for `target`; throws with the compiler's output when it fails. */
export function build(out: string, target?: string): void {
  mkdirSync(dirname(out), { recursive: true });
  // The compiler leaves a source map per chunk beside the executable, which has them inside. And a name that changes at
  // once spares whoever runs the old executable.
  const folder = mkdtempSync(join(dirname(out), ".build-"));
  const built = join(folder, basename(out));
  try {
    const flags = target === undefined ? BUILD_FLAGS : [...BUILD_FLAGS, `--target=${target}`];
    const compiled = Bun.spawnSync([process.execPath, "build", ...flags, join(root, "main.ts"), "--outfile", built], {
      cwd: root,
      stdout: "pipe",
      stderr: "pipe",
    });
    if (!compiled.success) throw new Error(`building ${out} failed:\n${compiled.stdout}${compiled.stderr}`);
    renameSync(built, out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [out, target] = process.argv.slice(2);
  if (out === undefined) throw new Error("usage: bun scripts/build.ts OUT [TARGET]");
  const started = performance.now();
  build(out, target);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.error(`built ${out}: ${(statSync(out).size / 2 ** 20).toFixed(0)} MiB in ${seconds} s`);
}
