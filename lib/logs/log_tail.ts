import { KIB } from "../base/mod.ts";
import { type FilePart, partAt, readPart } from "./file_part.ts";
import { type LogLine, parseLine } from "./log_line.ts";
import { type LogPaths, logPaths } from "./log_paths.ts";
import { RawLine } from "./raw_line.ts";

const BLOCK_BYTES = 64 * KIB;
/** So much of one log is read before it is the others' turn. */
const TURN_BYTES_MAX = 1024 * KIB;
const NEWLINE = 10;

/** Reads what is added to one log. */
export class LogTail {
  readonly #paths: LogPaths;
  readonly #line = new RawLine();
  #part: FilePart | undefined;
  #position: number;
  #time: Date;

  /** Begins behind what `part` holds; with none, at the beginning of the log. */
  constructor(private readonly instance: string, part?: FilePart) {
    this.#paths = logPaths(instance);
    this.#part = part;
    this.#position = part?.sizeBytes ?? 0;
    this.#time = new Date(part?.modifiedMs ?? 0);
  }

  /** The lines that have been added since, in order, as far as they are complete. */
  read(): LogLine[] {
    const lines: LogLine[] = [];
    for (let left = TURN_BYTES_MAX; left > 0;) {
      const current = partAt(this.#paths, "current");
      this.#part ??= current;
      if (this.#part === undefined) break;
      const isCurrent = this.#part.inode === current?.inode;
      // Somebody truncated it.
      if (isCurrent && current.sizeBytes < this.#position) this.#position = 0;
      const block = readPart(this.#part, this.#position, BLOCK_BYTES);
      if (block === undefined || block.length === 0) {
        if (isCurrent || current === undefined) break;
        this.#next(lines, block === undefined);
        continue;
      }
      this.#position += block.length;
      left -= block.length;
      this.#split(block, lines);
    }
    return lines;
  }

  /** The file was rotated and is read to its end: the one after it. */
  #next(lines: LogLine[], isGone: boolean): void {
    if (!this.#line.isEmpty) this.#add(lines);
    if (isGone) {
      const text = "lines are missing here: the log was rotated faster than it was read";
      lines.push({ instance: this.instance, time: this.#time, stream: "system", text });
    }
    this.#part = undefined;
    this.#position = 0;
  }

  #split(block: Uint8Array, lines: LogLine[]): void {
    let start = 0;
    for (let newline = block.indexOf(NEWLINE); newline !== -1; newline = block.indexOf(NEWLINE, start)) {
      this.#line.append(block.subarray(start, newline));
      this.#add(lines);
      start = newline + 1;
    }
    if (start < block.length) this.#line.append(block.subarray(start));
  }

  #add(lines: LogLine[]): void {
    const { timeMs, stream, text } = parseLine(this.#line.take());
    if (timeMs !== undefined) this.#time = new Date(timeMs);
    lines.push({ instance: this.instance, time: this.#time, stream, text });
  }
}
