import { errorCode } from "../base/mod.ts";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { LogPaths } from "./log_paths.ts";

/**
 * A file of a log up to where it reached when it was looked at. It is known by its inode, since a rotation renames it, and
 * by its birth, since the inode of a file that was removed is used again.
 */
export interface FilePart {
  readonly paths: LogPaths;
  readonly inode: number;
  readonly bornMs: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** The file that lies at a path of the log now; undefined when there is none. */
export function partAt(paths: LogPaths, which: keyof LogPaths): FilePart | undefined {
  const found = statSync(paths[which], { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return undefined;
  return { paths, inode: found.ino, bornMs: found.birthtimeMs, sizeBytes: found.size, modifiedMs: found.mtimeMs };
}

/**
 * Reads up to `length` bytes of a part, wherever it lies by now; fewer where it ends, undefined when it has gone. Opened
 * for each block, so that a thousand logs need no thousand descriptors.
 */
export function readPart({ paths, inode, bornMs }: FilePart, position: number, length: number): Uint8Array | undefined {
  for (const path of [paths.current, paths.old]) {
    let fd: number;
    try {
      fd = openSync(path, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") continue;
      throw error;
    }
    try {
      const { ino, birthtimeMs } = fstatSync(fd);
      if (ino !== inode || birthtimeMs !== bornMs) continue;
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
    } finally {
      closeSync(fd);
    }
  }
  return undefined;
}
