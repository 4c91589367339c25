import { MS } from "../base/mod.ts";
import type { LogLine } from "./log_line.ts";
import { loggedInstances } from "./log_paths.ts";
import { LogTail } from "./log_tail.ts";
import { mergeLast, type ReadLogsOptions, snapshots } from "./read_logs.ts";

/** How often the files are looked at. */
const POLL_MS = 100 * MS;

/** How a log is followed. */
export interface FollowLogsOptions extends ReadLogsOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** @default 0 */
  readonly last?: number;
}

/**
 * What the instances of a service log from now on, those that come later included, after the last lines that are there
 * already. Between logs the order is that of the times, as far as lines were there when the files were looked at. The
 * files are looked at: a rotation, a truncation or a removal is something to see, and there is no limit of watches.
 */
export async function* followLogs(
  service: string,
  { signal, last = 0, ...options }: FollowLogsOptions = {},
): AsyncGenerator<LogLine, void, void> {
  const logs = snapshots(service, options.instance);
  using stack = new DisposableStack();
  const tails = new Map(logs.map(({ instance, parts }) => [instance, stack.use(new LogTail(instance, parts[0]))]));
  yield* mergeLast(logs, { ...options, last });
  while (signal?.aborted !== true) {
    for (const instance of loggedInstances(service, options.instance)) {
      if (!tails.has(instance)) tails.set(instance, stack.use(new LogTail(instance)));
    }
    const lines = [...tails.values()].map((tail) => tail.read());
    yield* merge(lines);
    if (lines.every((some) => some.length === 0)) await pause(signal);
  }
}

/** Sorted by time; each list stays in order, whatever its times are. */
function* merge(lists: readonly LogLine[][]): Generator<LogLine, void, void> {
  const positions = lists.map(() => 0);
  for (;;) {
    let first: number | undefined;
    for (const [index, list] of lists.entries()) {
      const line = list[positions[index]!];
      if (line === undefined) continue;
      if (first === undefined || line.time < lists[first]![positions[first]!]!.time) first = index;
    }
    if (first === undefined) return;
    yield lists[first]![positions[first]!++]!;
  }
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, POLL_MS);
  const onAbort = () => resolve();
  signal?.addEventListener("abort", onAbort);
  await promise;
  signal?.removeEventListener("abort", onAbort);
  clearTimeout(timer);
}
