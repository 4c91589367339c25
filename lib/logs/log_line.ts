import { KIB } from "../base/mod.ts";

/** A longer line is cut, in the file and by whoever reads it. */
export const LINE_BYTES_MAX = 64 * KIB;

/**
 * Who wrote a line: the user's code to one of its outputs; the node itself, about the instance; or a child process, native
 * code or the crashing runtime, which write into the file past us.
 */
export type LogStream = "stdout" | "stderr" | "system" | "native";

/** One line of a log. */
export interface LogLine {
  /** "hello@2", or the name of a service that runs once, such as the agent. */
  readonly instance: string;
  /** When it was written. For native output: that of the line before; 1970 when there is none. */
  readonly time: Date;
  readonly stream: LogStream;
  /** Without the newline. Whatever the code printed: control characters are to be shown, not sent to a terminal. */
  readonly text: string;
}

/** How the streams are marked in the file. */
const MARKS = { stdout: "o", stderr: "e", system: "s" } as const;
const STREAMS: { readonly [mark: string]: LogStream } = { o: "stdout", e: "stderr", s: "system" };

/** "2026-11-21T12:00:00.123Z o ": of the same length for every time that a clock can show. */
export const PREFIX_LENGTH = 27;
const PREFIX = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([oes]) /;

/** What stands before the text of every line that we write. */
export function linePrefix(timeMs: number, stream: keyof typeof MARKS): string {
  return `${timeText(timeMs)} ${MARKS[stream]} `;
}

/** What a line of a file says: undefined for the time of native output. */
export function parseLine(line: string): { timeMs: number | undefined; stream: LogStream; text: string } {
  const match = PREFIX.exec(line);
  const timeMs = match === null ? NaN : Date.parse(match[1]!);
  if (match === null || Number.isNaN(timeMs)) return { timeMs: undefined, stream: "native", text: line };
  return { timeMs, stream: STREAMS[match[2]!]!, text: line.slice(PREFIX_LENGTH) };
}

let textMs = NaN;
let text = "";

/** The text of a time. Of one that was asked for just before it is at hand: a burst of lines has few times. */
function timeText(timeMs: number): string {
  if (timeMs !== textMs) {
    text = new Date(timeMs).toISOString();
    textMs = timeMs;
  }
  return text;
}
