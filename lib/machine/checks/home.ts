import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { MIB } from "../../base/mod.ts";
import { home } from "../../service/mod.ts";
import { effectiveUserId } from "../../sys/mod.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

/** Below this a cache or a log may no longer fit. */
const FREE_BYTES_MIN = 100 * MIB;
/** Permission bits of others than the owner. */
const FOREIGN_BITS = 0o077;

/** Whether the home is there, belongs to this user and can be written. */
export const HOME: Check = { name: "home", run: () => examineHome(home()) };

/** Whether nobody else gets at the sockets. */
export const RUN_FOLDER: Check = { name: "run folder", run: () => examineRunFolder(join(home(), "run")) };

/** Whether there is room in the home. */
export const DISK: Check = { name: "disk", run: () => examineDisk(nearestFolder(home())) };

/** Whether there is room for what grows: each may lie on a disk of its own. */
export const GROWING: Check = {
  name: "logs, packages",
  run: () => {
    const findings = ["logs", "packages", "data"].map((name) => examineDisk(nearestFolder(join(home(), name))));
    return findings.find(({ status }) => status !== "ok") ?? ok(`room for ${FREE_BYTES_MIN / MIB} MiB and more`);
  },
};

/** The finding for a home at `path`. */
export function examineHome(path: string): Finding {
  const folder = nearestFolder(path);
  const stat = statSync(folder);
  if (!stat.isDirectory()) return fail(`${folder} is no folder`, "move it away, or set CELL_HOME to a folder");
  if (folder === path && stat.uid !== effectiveUserId()) return foreign(path, stat.uid);
  if (!isWritable(folder)) {
    return fail(`${folder} cannot be written`, `\`chmod u+rwx ${folder}\`, or set CELL_HOME to a folder that is yours`);
  }
  if (folder !== path) return ok(`${path} (will be created)`);
  return ok(path);
}

/** The finding for the folder of the sockets at `path`. */
export function examineRunFolder(path: string): Finding {
  if (!existsSync(path)) return ok(`${path} (will be created)`);
  const { mode, uid } = statSync(path);
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  if (uid !== effectiveUserId()) return foreign(path, uid);
  if ((mode & FOREIGN_BITS) !== 0) return fail(`${path} has mode ${shown}, open to others`, `\`chmod 700 ${path}\``);
  const sockets = readdirSync(path).filter((name) => name.endsWith(".sock")).length;
  return ok(`${path}, mode ${shown}, ${sockets} ${sockets === 1 ? "socket" : "sockets"}`);
}

/** What runs there needs it: taking it over comes last. */
function foreign(path: string, uid: number): Finding {
  return fail(
    `${path} belongs to user ${uid}`,
    `run as that user (\`sudo -u '#${uid}' cell doctor\`), or set CELL_HOME to a folder of your own; ` +
      `\`chown -R\` takes it from what runs there`,
  );
}

function examineDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${Math.floor(free / MIB)} MiB free for ${folder}`;
  return free >= FREE_BYTES_MIN ? ok(found) : warn(found, "make room, or set CELL_HOME to another disk");
}

/** The folder itself, or the nearest one above it that exists. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
