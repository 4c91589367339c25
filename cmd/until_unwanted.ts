import { MS } from "../lib/base/mod.ts";
import { isHungUp } from "../lib/sys/mod.ts";
import { STDOUT } from "./terminal.ts";

/** How often somebody who follows and prints nothing looks whether there is still a reader. */
const READER_CHECK_MS = 250 * MS;

/** Aborted by Ctrl-C, and when nobody reads any more: a service that prints nothing must not keep `| head -1` waiting. */
export function untilUnwanted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  const timer = setInterval(() => isHungUp(STDOUT) && controller.abort(), READER_CHECK_MS);
  timer.unref();
  return controller.signal;
}
