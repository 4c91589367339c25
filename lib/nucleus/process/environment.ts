import { home, TRANSPORT_VARIABLE } from "../../service/mod.ts";

/** What a worker gets of the agent's environment: where it is, who it is, how it speaks. No secrets of whoever started it. */
const PASSED_ON = new Set(["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", TRANSPORT_VARIABLE]);

/** Tells a worker which instance it is; by it and CELL_HOME its children are known, too. */
export const INSTANCE_VARIABLE = "CELL_INSTANCE";
/** The whole environment of a worker: what everybody gets, what the service was deployed with, who it is. */
export function workerEnvironment(instance: string, own: { readonly [name: string]: string }): Record<string, string> {
  const passedOn = Object.entries(process.env).filter(([name]) => PASSED_ON.has(name) || name.startsWith("LC_"));
  return {
    ...Object.fromEntries(passedOn) as Record<string, string>,
    ...own,
    CELL_HOME: home(),
    [INSTANCE_VARIABLE]: instance,
  };
}
