/**
 * What services print, kept per instance: `logs/hello@2.log`, and `hello@2.log.1` for what came before the last rotation.
 *
 * A line is `2026-11-21T12:00:00.123Z o text`: the time, `o` for standard output, `e` for standard error, `s` for notes of
 * the node, and one line of text. A message of several lines becomes several lines with one time. A line without this
 * beginning was written by somebody who knows nothing of it (a child process, native code, the runtime that crashes) and
 * belongs to the time of the line before. The files are text: `tail`, `grep` and `sort` are log tools too.
 *
 * **The process writes its own log** (docs/decisions/0013): synchronously, so that what was printed before a crash is
 * there; with one system call per message and O_APPEND, so that lines of two writers never mix; through descriptors 1 and
 * 2 of the same file for everything that does not pass here. Whoever writes also rotates, so the bound holds while no
 * agent lives. What goes wrong with the disk loses lines and says so in the log later; it never reaches who printed.
 *
 * **Reading is backwards.** The last lines of many instances are merged by asking each file for its newest line, then the
 * next; only the blocks that these are in are read. Times order the lines of different instances only: within one, the
 * order of the file is true and the clock may have jumped. A file is known by its inode, so a rotation in the middle of a
 * reading neither repeats nor mixes lines.
 *
 * Turned down: a binary log with an index (no use to other tools, and needs recovery after a crash); syslog or journald
 * (not on every machine, another user's quota, no bound per instance); compression of old logs (8 MiB per instance are
 * the bound already).
 */
export { followLogs, type FollowLogsOptions } from "./follow_logs.ts";
export { LOG_BYTES_MAX, LogFile, type LogFileOptions, type WrittenStream } from "./log_file.ts";
export { LINE_BYTES_MAX, type LogLine, type LogStream } from "./log_line.ts";
export { loggedInstances, loggedServices, removeLogs } from "./log_paths.ts";
export { lastLines, LINES_MAX, readLogs, type ReadLogsOptions } from "./read_logs.ts";
export { appendSystemLine } from "./system_line.ts";
