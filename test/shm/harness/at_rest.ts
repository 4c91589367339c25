import { until } from "../../harness/mod.ts";
import { cpuMicrosOf } from "./process_time.ts";

/** In an interval of this length a process at rest uses at most so much CPU time, which is the runtime's own. */
const INTERVAL_MS = 100;
const REST_MICROS_MAX = 10_000;

/** Waits until a process uses next to no CPU. */
export async function untilAtRest(pid: number): Promise<void> {
  await until(async () => {
    const micros = cpuMicrosOf(pid);
    await Bun.sleep(INTERVAL_MS);
    return cpuMicrosOf(pid) - micros <= REST_MICROS_MAX;
  }, "the process to come to rest");
}
