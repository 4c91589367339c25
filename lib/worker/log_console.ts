import type { LogFile } from "../logs/mod.ts";
import { userFrames } from "../service/mod.ts";
import { formatMessage, formatValue, inspect } from "./format_message.ts";

/** As deep as the runtime's console looks into an object. */
const DEPTH = 2;
const INDENT = "  ";
/** Deeper groups are not indented further. */
const GROUPS_MAX = 100;
/** Counters and timers with more labels than this are a leak of the user's code, which we need not join. */
const LABELS_MAX = 10_000;

/** The printing methods of `console`, into a log. */
export function logConsole(log: LogFile): Partial<Console> {
  const counts = new Map<string, number>();
  const timers = new Map<string, number>();
  let groups = 0;
  const print = (stream: "stdout" | "stderr", text: string): void => {
    const indent = INDENT.repeat(Math.min(groups, GROUPS_MAX));
    log.output(stream, `${indent === "" ? text : text.replace(/^/gm, indent)}\n`);
  };
  const out = (...values: unknown[]): void => print("stdout", formatMessage(values));
  const error = (...values: unknown[]): void => print("stderr", formatMessage(values));
  const elapsed = (label: string, values: unknown[]): void => {
    const startedAt = timers.get(label);
    if (startedAt === undefined) return;
    const time = `[${(performance.now() - startedAt).toFixed(2)}ms] ${label}`;
    error(values.length === 0 ? time : `${time} ${values.map(formatValue).join(" ")}`);
  };
  const group = (...values: unknown[]): void => {
    if (values.length > 0) out(...values);
    groups++;
  };
  return {
    log: out,
    info: out,
    debug: out,
    dirxml: out,
    error,
    warn: error,
    trace: (...values) =>
      out([formatMessage(values), ...userFrames(new Error())].filter((text) => text !== "").join("\n")),
    dir: (value, options?: { depth?: number | null }) => {
      const { depth = DEPTH } = options ?? {};
      print("stdout", typeof value === "string" ? value : inspect(value, depth ?? Infinity));
    },
    table: (data: unknown, columns?: string[]) => {
      if (typeof data !== "object" || data === null) out(data);
      else print("stdout", (columns ? Bun.inspect.table(data, columns) : Bun.inspect.table(data)).trimEnd());
    },
    assert: (condition, ...values) => {
      if (!condition) error(...(values.length === 0 ? ["Assertion failed"] : values));
    },
    count: (label = "default") => {
      if (counts.size >= LABELS_MAX && !counts.has(label)) return;
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      out(`${label}: ${count}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => {
      if (timers.size < LABELS_MAX || timers.has(label)) timers.set(label, performance.now());
    },
    timeLog: (label = "default", ...values) => elapsed(label, values),
    timeEnd: (label = "default") => {
      elapsed(label, []);
      timers.delete(label);
    },
    group,
    groupCollapsed: group,
    groupEnd: () => {
      groups = Math.max(0, groups - 1);
    },
    clear: () => {},
  };
}
