import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { KIB } from "../base/mod.ts";
import type { FilePart } from "./file_part.ts";
import { type LogLine, parseLine } from "./log_line.ts";
import { type LogPaths, logPaths } from "./log_paths.ts";
import { RawLine } from "./raw_line.ts";

/** So much of one log is read before it is the others' turn: there may be a thousand. */
const TURN_BYTES_MAX = 64 * KIB;
const NEWLINE = 10;

/** What is read goes through here, for all logs: nothing of it is kept. */
const block = new Uint8Array(TURN_BYTES_MAX);

/**
 * Reads what is added to one log. It keeps the file open, so that what was written before a rotation can be read after it,
 * and so that no other file gets its inode.
 */
export class LogTail implements Disposable {
  readonly #paths: LogPaths;
  readonly #line = new RawLine();
  #file: { readonly fd: number; readonly inode: number } | undefined;
  #position = 0;
  #time: Date;

  /** Begins behind what `part` holds; with none, at the beginning of the log. */
  constructor(private readonly instance: string, part?: FilePart) {
    this.#paths = logPaths(instance);
    this.#time = new Date(part?.modifiedMs ?? 0);
    if (part === undefined) return;
    // It may have been rotated since it was looked at.
    const which = (["current", "old"] as const).find((path) => statOf(this.#paths[path])?.ino === part.inode);
    if (which === undefined) return;
    this.#open(which);
    this.#position = part.sizeBytes;
  }

  /** The lines that have been added since, in order, as far as they are complete. */
  read(): LogLine[] {
    const lines: LogLine[] = [];
    for (let left = TURN_BYTES_MAX; left > 0;) {
      if (this.#file === undefined && !this.#open("current")) break;
      const file = this.#file!;
      // Looked at before the read: what was written before the rotation is in what is read after it.
      const current = statOf(this.#paths.current);
      // Somebody truncated it.
      if (fstatSync(file.fd).size < this.#position) this.#position = 0;
      const length = readSync(file.fd, block, 0, left, this.#position);
      if (length === 0) {
        if (current === undefined || current.ino === file.inode) break;
        this.#next(file.inode, lines);
      }
      this.#position += length;
      left -= length;
      this.#split(block.subarray(0, length), lines);
    }
    return lines;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  /** The file was rotated or removed, and is read to its end: goes on with the one after it. */
  #next(inode: number, lines: LogLine[]): void {
    if (!this.#line.isEmpty) this.#add(lines);
    const old = statOf(this.#paths.old);
    const isMissed = old !== undefined && old.ino !== inode;
    if (isMissed) {
      const text = "lines may be missing here: the log was rotated faster than it was read";
      lines.push({ instance: this.instance, time: this.#time, stream: "system", text });
    }
    this[Symbol.dispose]();
    this.#open(isMissed ? "old" : "current");
  }

  #open(which: keyof LogPaths): boolean {
    try {
      const fd = openSync(this.#paths[which], "r");
      this.#file = { fd, inode: fstatSync(fd).ino };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return false;
    }
    this.#position = 0;
    return true;
  }

  #split(bytes: Uint8Array, lines: LogLine[]): void {
    let start = 0;
    for (let newline = bytes.indexOf(NEWLINE); newline !== -1; newline = bytes.indexOf(NEWLINE, start)) {
      this.#line.append(bytes.subarray(start, newline));
      this.#add(lines);
      start = newline + 1;
    }
    if (start < bytes.length) this.#line.append(bytes.subarray(start));
  }

  #add(lines: LogLine[]): void {
    const { timeMs, stream, text } = parseLine(this.#line.take());
    if (timeMs !== undefined) this.#time = new Date(timeMs);
    lines.push({ instance: this.instance, time: this.#time, stream, text });
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
