import { readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { MINUTE } from "../base/mod.ts";
import { packagesDirectory } from "../service/mod.ts";
import { isTemporaryName, temporaryName } from "./temporary_name.ts";

/**
 * A package is built before it is deployed, and a build takes a while; and whoever runs one that is needed no more takes a
 * while to end, and may load parts of it until then. What is younger than this may still be wanted.
 */
export const FORGOTTEN_AGE_MS_MIN = 60 * MINUTE;

/**
 * Removes packages that are not in `keep` and what interrupted builds left behind, as far as they are older than
 * `FORGOTTEN_AGE_MS_MIN`; those in `keep` count as young from now on. Returns the hashes of the packages that it removed.
 * What cannot be removed stays.
 */
export function prunePackages(keep: ReadonlySet<string>): string[] {
  const packages = packagesDirectory();
  const removed: string[] = [];
  for (const name of readdirSync(packages)) {
    const isPackage = /^[0-9a-f]{64}$/.test(name);
    if (!isPackage && !isTemporaryName(name)) continue;
    if (keep.has(name)) renew(join(packages, name));
    else if (remove(packages, name) && isPackage) removed.push(name);
  }
  return removed.sort();
}

/** A package that cannot be marked is kept as long as it is needed, and may go at once after that. */
function renew(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Somebody has taken it away: whoever opens it is told.
  }
}

function remove(packages: string, name: string): boolean {
  const path = join(packages, name);
  const trash = join(packages, temporaryName());
  try {
    if (Date.now() - statSync(path).mtimeMs < FORGOTTEN_AGE_MS_MIN) return false;
    // Whoever opens it meanwhile finds it whole or not at all.
    renameSync(path, trash);
    rmSync(trash, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
