import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../../lib/base/mod.ts";

/** The folder of the peers' own package.json. */
export const PEERS_DIRECTORY = join(import.meta.dir, "..", "peers");

/** Installs the peers when that was not done since their lock file changed. Needs npm and its registry. */
export async function installPeers(progress: (message: string) => void): Promise<void> {
  const installed = join(PEERS_DIRECTORY, "node_modules", ".package-lock.json");
  const lock = join(PEERS_DIRECTORY, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  progress("installing the peers into bench/peers/node_modules (once)");
  const npm = Bun.which("npm");
  if (npm === null) {
    throw new CellError(
      "FAILED_PRECONDITION",
      "installing the peers needs npm, and there is none in the PATH; install Node.js with npm",
    );
  }
  const child = Bun.spawn([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], {
    cwd: PEERS_DIRECTORY,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, output, errors] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  if (code === 0) return;
  throw new CellError(
    "UNAVAILABLE",
    `installing the peers failed: "npm ci" in bench/peers exited with ${code}. Cases without a peer run without it ` +
      `(see --list). npm said:\n${(errors + output).trim()}`,
  );
}

/** The command that runs the Moleculer peer in one of its roles. */
export function moleculerCommand(...args: string[]): string[] {
  return peerCommand("moleculer.mjs", args);
}

/** The command that runs the grpc-js peer in one of its roles. */
export function grpcCommand(...args: string[]): string[] {
  return peerCommand("grpc.mjs", args);
}

function peerCommand(file: string, args: string[]): string[] {
  const node = Bun.which("node");
  if (node === null) {
    throw new CellError("FAILED_PRECONDITION", "the peers need Node.js, and there is none in the PATH");
  }
  return [node, join(PEERS_DIRECTORY, file), ...args];
}

/** Makes a program of `load/` one that Node runs; returns its path in `folder`. */
export async function bundleForNode(source: string, folder: string): Promise<string> {
  await Bun.build({ entrypoints: [source], outdir: folder, target: "node", format: "esm", naming: "load.mjs" });
  return join(folder, "load.mjs");
}
