import { existsSync } from "node:fs";
import { join } from "node:path";
import { SECOND } from "../../base/mod.ts";
import { readNodeFile } from "../../nucleus/home/mod.ts";
import { home } from "../../service/mod.ts";
import { takeSnapshot } from "../snapshot.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

/** Whether the settings of the node can be read. */
export const NODE_FILE: Check = { name: "node.toml", run: () => examineNodeFile(join(home(), "node.toml")) };

/** Whether what was deployed can be read. */
export const STATE: Check = { name: "state.db", run: () => examineState(join(home(), "state.db")) };

/** Whether somebody looks after what was deployed. */
export const AGENT: Check = {
  name: "nucleus",
  run: async () => {
    const { agent, node, processes } = await takeSnapshot();
    if (agent === "silent") {
      return warn("holds its name and does not answer", "it is starting, or hangs: `cell logs nucleus`");
    }
    if (node !== null) return ok(`running, node ${node.node}, pid ${node.pid}, version ${node.version}`);
    const deployed = processes.filter(({ number }) => number !== null).length;
    if (deployed === 0) return ok("not running; `cell up` starts it");
    return warn(`not running, ${deployed} of its instances are`, "`cell up` starts it; it takes them over as they are");
  },
};

/** The finding for a node.toml at `path`. */
export function examineNodeFile(path: string): Finding {
  try {
    const settings = readNodeFile(path);
    if (settings === undefined) return ok(`${path} (will be created)`);
    return ok(`node ${settings.id}, heartbeat every ${settings.heartbeatMs / SECOND} s`);
  } catch (error) {
    return fail((error as Error).message, "edit the file, or move it away: `cell init` writes a new one");
  }
}

/** The finding for a database at `path`. It is only read. */
export async function examineState(path: string): Promise<Finding> {
  if (!existsSync(path)) return ok("nothing was deployed yet");
  const advice = `put a backup in the place of ${path}, or move it away and deploy again; nothing deletes it`;
  try {
    const { Database } = await import("bun:sqlite");
    const database = new Database(path, { readonly: true });
    try {
      const [first] = database.query("PRAGMA quick_check(1)").values();
      const verdict = String(first?.[0]);
      if (verdict !== "ok") return fail(`${path} is damaged: ${verdict}`, advice);
      const [count] = database.query("SELECT count(*) FROM services").values();
      return ok(`intact, ${String(count?.[0])} deployed`);
    } finally {
      database.close();
    }
  } catch (error) {
    return fail(`reading ${path}: ${(error as Error).message}`, advice);
  }
}
