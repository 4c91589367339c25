import { CellError, toCellError } from "../base/mod.ts";
import { type HostedRole, hostRole } from "../role/mod.ts";
import { home } from "../service/mod.ts";
import { releaseSignals } from "../sys/mod.ts";
import { Agent } from "./agent.ts";
import type { RunNucleusOptions } from "./options.ts";
import { ENDING_SIGNALS, takeClaim } from "./upgrade.ts";

/** A shell's exit code for a process that signal n ended is 128 + n. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs the agent of this home in this process; resolves when it has ended. SIGTERM and SIGINT end it (a second one at
 * once, and then the workers go on), SIGHUP executes its binary anew. Throws ALREADY_EXISTS, which says who it is, when
 * the home has an agent.
 */
export async function runNucleus(options: RunNucleusOptions): Promise<void> {
  const agent = new Agent(options);
  // A signal that comes while the agent starts is not to be lost.
  let hosted: Promise<HostedRole> | undefined;
  let isEnding = false;
  const tell = (error: unknown) => options.log(`error: ${toCellError(error).message}`);
  const end = (signal: keyof typeof SIGNAL_EXIT_CODES) => {
    if (isEnding) {
      options.log(`${signal} again: ending at once, workers go on`);
      process.exit(SIGNAL_EXIT_CODES[signal]);
    }
    isEnding = true;
    void hosted?.then((role) => role.end()).catch(tell);
  };
  const upgrade = () => void agent.upgrade().catch(tell);
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("SIGHUP", upgrade);
  releaseSignals(ENDING_SIGNALS);
  try {
    const claim = takeClaim();
    const role = hostRole(agent, { log: options.log, ...(claim === undefined ? {} : { claim }) });
    hosted = role;
    await (await role).ended;
  } catch (error) {
    if (error instanceof CellError && error.code === "ALREADY_EXISTS") {
      throw new CellError("ALREADY_EXISTS", `running the nucleus of ${home()}: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    process.off("SIGTERM", end);
    process.off("SIGINT", end);
    process.off("SIGHUP", upgrade);
  }
}
