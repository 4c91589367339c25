import { closeSync, constants, fstatSync, openSync, renameSync, statSync, truncateSync, writeSync } from "node:fs";
import { errorCode, KIB, MIB } from "../base/mod.ts";
import { redirect } from "../sys/mod.ts";
import { cutLine } from "./cut_line.ts";
import { LINE_BYTES_MAX, linePrefix } from "./log_line.ts";
import { assertInstanceId, type LogPaths, logPaths } from "./log_paths.ts";

/** A log that reached this is put aside for a new one; with the old one it takes twice this on the disk. */
export const LOG_BYTES_MAX = 4 * MIB;
/** A child that was started before a rotation goes on writing into the old file: at so many times the bound it is emptied. */
const OLD_FILE_FACTOR_MAX = 4;
/** Only this user reads what services print. */
const LOG_MODE = 0o600;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;

/** What others have written into the file is looked up after so much of our own. */
const SIZE_CHECK_BYTES = 64 * KIB;
/** Lines are collected up to this before they are written: all of a long message, in few system calls. */
const BATCH_LENGTH_MAX = 64 * KIB;
/** Of a line that does not end, this many characters are kept until it does. */
const PARTIAL_LENGTH_MAX = LINE_BYTES_MAX;

/** Whose output a `LogFile` takes. */
export type WrittenStream = "stdout" | "stderr" | "system";

/** How a log is opened. */
export interface LogFileOptions {
  /** Standard output and error of this process become the log, now and after every rotation. @default false */
  readonly takesOutput?: boolean;
  /** @default LOG_BYTES_MAX */
  readonly bytesMax?: number;
  /** The time of a line. @default Date.now */
  readonly now?: () => number;
}

/**
 * The log that this process writes. Every message is in the file when the method returns. A disk that is full or takes no
 * file, or any other failure, loses lines, which the next line that succeeds is preceded by a note of; nothing but the
 * constructor throws.
 */
export class LogFile {
  /** Undefined until there is a folder for logs. */
  #paths: LogPaths | undefined;
  readonly #takesOutput: boolean;
  readonly #bytesMax: number;
  readonly #now: () => number;
  /** Undefined while the file cannot be opened. */
  #fd: number | undefined;
  #inode = 0;
  #size = 0;
  #unchecked = 0;
  #lostLines = 0;
  #lostWhy = "";
  /** The last write was cut short: the file does not end in a newline. */
  #isMidLine = false;
  readonly #partial = { stdout: "", stderr: "" };

  /** Throws INVALID_ARGUMENT for what is no instance's id. */
  constructor(private readonly instance: string, options: LogFileOptions = {}) {
    assertInstanceId(instance);
    this.#takesOutput = options.takesOutput ?? false;
    this.#bytesMax = options.bytesMax ?? LOG_BYTES_MAX;
    this.#now = options.now ?? Date.now;
    this.checkSize();
  }

  /** Appends a message: one line, or several with the same time. The newline at its end is not part of it. */
  line(stream: WrittenStream, message: string): void {
    const prefix = linePrefix(this.#now(), stream);
    // Most messages. No character has more than three bytes (a pair of surrogates has four).
    if (message.length * 3 <= LINE_BYTES_MAX && !message.includes("\n")) {
      return this.#write(`${prefix}${message}\n`, 1);
    }
    let batch = "";
    let lines = 0;
    for (let start = 0; start <= message.length;) {
      const newline = message.indexOf("\n", start);
      const end = newline === -1 ? message.length : newline;
      batch += `${prefix}${cutLine(message, start, end)}\n`;
      lines++;
      if (batch.length >= BATCH_LENGTH_MAX) {
        this.#write(batch, lines);
        batch = "";
        lines = 0;
      }
      start = end + 1;
    }
    if (lines > 0) this.#write(batch, lines);
  }

  /** Appends output as it comes, in any pieces: a line is written when its newline has come. */
  output(stream: "stdout" | "stderr", text: string): void {
    const newline = text.lastIndexOf("\n");
    if (newline === -1) return this.#keep(stream, text);
    const whole = this.#partial[stream] + text.slice(0, newline);
    this.#partial[stream] = "";
    this.line(stream, whole);
    this.#keep(stream, text.slice(newline + 1));
  }

  /** Writes what has come of lines that have not ended. */
  flush(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const text = this.#partial[stream];
      this.#partial[stream] = "";
      if (text !== "") this.line(stream, text);
    }
  }

  /**
   * Rotates when the file has become too large by what others wrote, and empties the old one when they go on there; begins
   * a new one when it was removed or renamed, or could not be opened before.
   */
  checkSize(): void {
    this.#unchecked = 0;
    try {
      this.#paths ??= logPaths(this.instance);
      if (this.#fd === undefined) this.#reopen(this.#paths);
      const found = statSync(this.#paths.current, { throwIfNoEntry: false });
      if (found === undefined || found.ino !== this.#inode) return this.#reopen(this.#paths);
      this.#size = found.size;
      if (found.size >= this.#bytesMax) this.#rotate(this.#paths);
      const old = statSync(this.#paths.old, { throwIfNoEntry: false });
      if (old !== undefined && old.size >= OLD_FILE_FACTOR_MAX * this.#bytesMax) truncateSync(this.#paths.old);
    } catch (error) {
      this.#lost(0, error);
    }
  }

  close(): void {
    this.flush();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #keep(stream: "stdout" | "stderr", text: string): void {
    if (text === "") return;
    // What is beyond the bound is cut from the line in any case; one character more than it says that there was more.
    const room = PARTIAL_LENGTH_MAX + 1 - this.#partial[stream].length;
    if (room > 0) this.#partial[stream] += text.slice(0, room);
  }

  #write(text: string, lines: number): void {
    if (this.#lostLines > 0 || this.#isMidLine) text = this.#excuse() + text;
    const bytes = Buffer.from(text);
    try {
      if (this.#fd === undefined || this.#paths === undefined) return this.#lostUnopened(lines, bytes.length);
      if (this.#size > 0 && this.#size + bytes.length > this.#bytesMax) this.#rotate(this.#paths);
      const written = writeSync(this.#fd, bytes);
      this.#size += written;
      if (written < bytes.length) {
        this.#isMidLine = bytes[written - 1] !== NEWLINE;
        this.#lost(lines, new Error("the disk is full"));
      } else {
        this.#isMidLine = false;
        this.#lostLines = 0;
      }
      this.#unchecked += written;
      if (this.#unchecked >= SIZE_CHECK_BYTES) this.checkSize();
    } catch (error) {
      this.#lost(lines, error);
    }
  }

  /** What is written before the first line after a failure. */
  #excuse(): string {
    const end = this.#isMidLine ? "\n" : "";
    if (this.#lostLines === 0) return end;
    const lines = this.#lostLines === 1 ? "1 line was" : `${this.#lostLines} lines were`;
    return `${end}${linePrefix(this.#now(), "system")}${lines} lost: ${this.#lostWhy}\n`;
  }

  /** Why it cannot be opened is known; whether it can by now is looked at now and then. */
  #lostUnopened(lines: number, bytes: number): void {
    this.#lostLines += lines;
    this.#unchecked += bytes;
    if (this.#unchecked >= SIZE_CHECK_BYTES) this.checkSize();
  }

  #lost(lines: number, error: unknown): void {
    this.#lostLines += lines;
    this.#lostWhy = (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
  }

  #rotate(paths: LogPaths): void {
    // A predecessor that still drains may have rotated it, and somebody may have removed it: both make room just as well.
    const found = statSync(paths.current, { throwIfNoEntry: false });
    if (found?.ino === this.#inode) moveAside(paths);
    this.#reopen(paths);
  }

  #reopen(paths: LogPaths): void {
    const before = this.#fd;
    this.#fd = this.#open(paths);
    if (before !== undefined) closeSync(before);
  }

  #open(paths: LogPaths): number {
    const fd = openSync(paths.current, APPEND, LOG_MODE);
    if (this.#takesOutput) redirectOutput(fd);
    const { ino, size } = fstatSync(fd);
    this.#inode = ino;
    this.#size = size;
    return fd;
  }
}

const NEWLINE = 10;

/** Makes standard output and error of this process, and of the children it will have, those of an open file. */
function redirectOutput(fd: number): void {
  redirect(fd, 1);
  redirect(fd, 2);
}

/** Another writer of the same file may have done it in this very moment. */
function moveAside({ current, old }: LogPaths): void {
  try {
    renameSync(current, old);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
