import { MIB } from "../base/mod.ts";
import { type FilePart, partAt } from "./file_part.ts";
import { linesBackwards } from "./lines_backwards.ts";
import { type LogLine, parseLine } from "./log_line.ts";
import { logPaths } from "./log_paths.ts";

/** More native output than this in a row gets the time of what came after it, not of what came before. */
const NATIVE_RUN_MAX = 10_000;
const NATIVE_LENGTH_MAX = 8 * MIB;

/** The files of an instance's log that there are, the newest first. */
export function partsOf(instance: string): FilePart[] {
  const paths = logPaths(instance);
  const current = partAt(paths, "current");
  const old = partAt(paths, "old");
  // Between the two looks it may have been rotated.
  return [current, old?.inode === current?.inode ? undefined : old].filter((part) => part !== undefined);
}

/** The lines of an instance's log, the newest first, in the order of the file whatever their times are. */
export function* newestFirst(instance: string, parts: readonly FilePart[]): Generator<LogLine, void, void> {
  let laterMs = parts[0]?.modifiedMs ?? 0;
  let native: string[] = [];
  let nativeLength = 0;
  function* nativeAt(timeMs: number): Generator<LogLine, void, void> {
    for (const text of native) yield { instance, time: new Date(timeMs), stream: "native", text };
    native = [];
    nativeLength = 0;
  }
  for (const part of parts) {
    for (const line of linesBackwards(part)) {
      const { timeMs, stream, text } = parseLine(line);
      if (timeMs === undefined) {
        native.push(text);
        nativeLength += text.length;
        if (native.length >= NATIVE_RUN_MAX || nativeLength >= NATIVE_LENGTH_MAX) yield* nativeAt(laterMs);
        continue;
      }
      laterMs = timeMs;
      yield* nativeAt(timeMs);
      yield { instance, time: new Date(timeMs), stream, text };
    }
  }
  // Nothing before it tells when it was.
  yield* nativeAt(0);
}
