import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../../base/mod.ts";
import { dialUnix, listenUnix } from "../../net/mod.ts";
import { home, listInstances, NUCLEUS, runDirectory } from "../../service/mod.ts";
import { type Check, fail, ok, warn } from "../check.ts";

/** Whether a process here can call another one through a socket in the home. */
export const SOCKETS: Check = {
  name: "unix sockets",
  run: async () => {
    // No service has this name: names begin with a letter.
    const path = join(runDirectory(), `.doctor-${process.pid}.sock`);
    const listener = await listenUnix(path, { onLink: (link) => link.destroy() });
    try {
      const started = performance.now();
      const link = await dialUnix(path);
      const micros = (performance.now() - started) * 1000;
      link.destroy();
      return ok(`connected within ${micros.toFixed(0)} us`);
    } catch (error) {
      const why = error instanceof CellError ? error.message : String(error);
      return fail(why, `a network file system has no sockets: set CELL_HOME to a local disk (now ${home()})`);
    } finally {
      await listener.close();
    }
  },
};

/** Whether crashed processes left sockets behind; looking for instances removes them. */
export const STALE_SOCKETS: Check = {
  name: "stale sockets",
  run: async () => {
    const before = socketNames();
    await listInstances();
    const removed = before.filter((name) => !socketNames().includes(name));
    return removed.length === 0 ? ok("none") : ok(`removed ${removed.join(", ")} of processes that crashed`);
  },
};

/** Whether every service that holds a name answers; of the agent there is a check of its own. */
export const SERVICES: Check = {
  name: "services",
  run: async () => {
    const instances = (await listInstances()).filter(({ service }) => service !== NUCLEUS);
    const silent = instances.filter((instance) => instance.answer === undefined);
    if (silent.length === 0) {
      return ok(instances.length === 0 ? "none running" : `${instances.length} running, all answer`);
    }
    const names = silent.map(({ service, pid }) => `${service} (pid ${pid ?? "unknown"})`).join(", ");
    return warn(`${names} does not answer`, "it is starting, or a method blocks its event loop; `kill PID` ends it");
  },
};

function socketNames(): string[] {
  const folder = join(home(), "run");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".sock")) : [];
}
