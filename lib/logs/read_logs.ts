import { MIB } from "../base/mod.ts";
import type { FilePart } from "./file_part.ts";
import type { LogLine } from "./log_line.ts";
import { loggedInstances } from "./log_paths.ts";
import { newestFirst, partsOf } from "./newest_first.ts";

/** No answer has more lines than this, nor more text than `TEXT_LENGTH_MAX`: the older ones are left out. */
export const LINES_MAX = 100_000;
const TEXT_LENGTH_MAX = 64 * MIB;
/**
 * After so many lines in a row that are too old, older ones are not looked for: a clock that jumped may have put some that
 * are too old between others.
 */
const OLDER_IN_A_ROW_MAX = 10_000;

/** Which lines of a log are wanted. */
export interface ReadLogsOptions {
  /** The last ones of all instances together. @default LINES_MAX */
  readonly last?: number;
  /** Those of this time (milliseconds since 1970) and later. @default all */
  readonly sinceMs?: number;
  /** Those of the instance with this number. @default of all instances */
  readonly instance?: number;
}

/** The files of a log as they were when it was looked at. */
export interface LogSnapshot {
  readonly instance: string;
  readonly parts: readonly FilePart[];
}

/**
 * What the instances of a service have logged, merged by time, the oldest first; each instance's lines stay in order. Reads
 * no more of the files than is needed.
 */
export function readLogs(service: string, options: ReadLogsOptions = {}): LogLine[] {
  return mergeLast(snapshots(service, options.instance), options);
}

/** The text of the last lines of one instance: what it said before it ended. */
export function lastLines(instance: string, count: number): string[] {
  return mergeLast([{ instance, parts: partsOf(instance) }], { last: count }).map(({ text }) => text);
}

/** What the logs of a service's instances, or of one of them, are now. */
export function snapshots(service: string, number?: number): LogSnapshot[] {
  return loggedInstances(service, number).map((instance) => ({ instance, parts: partsOf(instance) }));
}

/** The last lines of several logs, merged by time, the oldest first. */
export function mergeLast(logs: readonly LogSnapshot[], { last, sinceMs }: ReadLogsOptions): LogLine[] {
  const cursors = logs.map(({ instance, parts }) => {
    const lines = newestFirst(instance, parts);
    return new Cursor(sinceMs === undefined ? lines : since(lines, sinceMs));
  });
  const found: LogLine[] = [];
  let length = 0;
  const countMax = Math.min(last ?? LINES_MAX, LINES_MAX);
  while (found.length < countMax && length < TEXT_LENGTH_MAX) {
    const newest = newestOf(cursors);
    if (newest === undefined) break;
    found.push(newest.line!);
    length += newest.line!.text.length;
    newest.advance();
  }
  return found.reverse();
}

/** Where the merge stands in one log. */
class Cursor {
  line: LogLine | undefined;

  constructor(private readonly lines: Iterator<LogLine, void, void>) {
    this.advance();
  }

  advance(): void {
    const next = this.lines.next();
    this.line = next.done === true ? undefined : next.value;
  }
}

/** Of equal times that of the last instance, so that they come in the order of instances in the end. */
function newestOf(cursors: readonly Cursor[]): Cursor | undefined {
  let newest: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.line === undefined) continue;
    if (newest === undefined || cursor.line.time >= newest.line!.time) newest = cursor;
  }
  return newest;
}

function* since(lines: Iterable<LogLine>, sinceMs: number): Generator<LogLine, void, void> {
  let older = 0;
  for (const line of lines) {
    if (line.time.getTime() >= sinceMs) {
      older = 0;
      yield line;
    } else if (++older >= OLDER_IN_A_ROW_MAX) return;
  }
}
