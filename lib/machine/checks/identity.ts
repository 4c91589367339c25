import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { MINUTE } from "../../base/mod.ts";
import { home } from "../../service/mod.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

const DAY = 24 * 60 * MINUTE;
/** A certificate is made anew when 30 days of it are left: with less than this, that has failed for weeks. */
const DAYS_LEFT_MIN = 15;
/** Nobody but their owner may read keys. */
const FORBIDDEN_BITS = 0o077;

/** Whether others can read the keys of this home. */
export const KEY_FILES: Check = { name: "key files", run: () => examineKeyFiles(join(home(), "keys")) };

/** Whether this machine can show other nodes who it is. */
export const IDENTITY: Check = { name: "identity", run: () => examineIdentity(join(home(), "keys"), Date.now()) };

/** The finding for a folder of keys. It is only looked at. */
export function examineKeyFiles(folder: string): Finding {
  if (!existsSync(folder)) return ok("none yet");
  const paths = [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  const open = paths.filter((path) => (modeOf(path) & FORBIDDEN_BITS) !== 0);
  const [first] = open;
  if (first === undefined) return ok(`${paths.length - 1} in ${folder}, this user's alone`);
  const mode = (modeOf(first) & 0o777).toString(8).padStart(4, "0");
  return fail(
    `${first} has mode ${mode}: others can read it`,
    `chmod -R go= ${folder}; if somebody may have read a key: cell members remove this node, and join again`,
  );
}

/** The finding for the identity in a folder of keys. */
export async function examineIdentity(folder: string, nowMs: number): Promise<Finding> {
  if (!existsSync(join(folder, "identity.pem"))) return ok("none yet; it is made when it is first needed");
  const { loadIdentity, shortId } = await import("../../net/identity/mod.ts");
  const stored = loadIdentity(folder);
  if (stored === undefined) return ok("none yet; it is made when it is first needed");
  const { node, authority } = stored;
  const who = `node ${shortId(node.nodeId)} of cluster ${shortId(node.clusterId)}`;
  if (authority !== undefined) return ok(`${who}, with the authority's key`);
  const days = Math.floor((node.notAfterMs - nowMs) / DAY);
  if (days < 0) {
    return fail(
      `${who}: its certificate has expired ${-days} days ago`,
      "join again with a new token: `cell token create` on the node with the authority's key, `cell join TOKEN` here",
    );
  }
  if (days >= DAYS_LEFT_MIN) return ok(`${who}, certificate good for ${days} days`);
  return warn(
    `${who}: its certificate is good for ${days} days and was not renewed`,
    "the node with the authority's key has to run and be reachable: `cell members`, `cell logs nucleus`",
  );
}

/** Of a file that has just gone: as if nobody could read it. */
function modeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
}
