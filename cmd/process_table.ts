import { MIB } from "../lib/base/mod.ts";
import type { ProcessState, ServiceProcess } from "../lib/machine/mod.ts";
import type { Style } from "./color.ts";
import { formatDuration, formatMicros } from "./duration.ts";
import { type Column, table, tableWithin } from "./table.ts";
import { withoutControls } from "./without_controls.ts";

/** Where a terminal is too narrow, what another column or `--json` says as well goes first. */
const COLUMNS: readonly Column[] = [
  { title: "SERVICE", align: "left", leftOut: 2 },
  { title: "INSTANCE", align: "left" },
  { title: "PID", align: "right", leftOut: 6 },
  { title: "STATE", align: "left" },
  { title: "SPECIES", align: "left", leftOut: 1 },
  { title: "UP", align: "right", leftOut: 5 },
  { title: "RESTARTS", align: "right", leftOut: 4 },
  { title: "NOW", align: "right", leftOut: 9 },
  { title: "CALLS/S", align: "right", leftOut: 10 },
  { title: "P50", align: "right", leftOut: 3 },
  { title: "P99", align: "right", leftOut: 7 },
  { title: "MEMORY", align: "right", leftOut: 8 },
  { title: "CPU", align: "right", leftOut: 11 },
];
const UNKNOWN = "-";
/** Where figures change every second, columns that are as wide as what mostly comes do not jump. */
const STEADY_WIDTHS: { [title: string]: number } = { STATE: 8, UP: 9, "CALLS/S": 7, P50: 7, P99: 7, MEMORY: 9, CPU: 5 };
const STEADY_COLUMNS = COLUMNS.map((column) => ({ ...column, widthMin: STEADY_WIDTHS[column.title] ?? 0 }));

/**
 * Processes as a table: its titles, then a line for each. `width` is that of the terminal; undefined leaves nothing out.
 * With `isSteady` columns stay as wide as they are when figures change.
 */
export function processTable(
  processes: readonly ServiceProcess[],
  width: number | undefined,
  style: Style,
  isSteady = false,
): string[] {
  const columns = isSteady ? STEADY_COLUMNS : COLUMNS;
  const rows = processes.map((process) => row(process, style));
  const [titles = "", ...lines] = width === undefined ? table(columns, rows) : tableWithin(width, columns, rows);
  return [style.dim(titles), ...lines];
}

/** The same for processes of several nodes, with the node of each in the first column. */
export function clusterTable(
  processes: readonly (ServiceProcess & { readonly node: string })[],
  width: number | undefined,
  style: Style,
): string[] {
  const columns: Column[] = [{ title: "NODE", align: "left" }, ...COLUMNS];
  const rows = processes.map((process) => [withoutControls(process.node), ...row(process, style)]);
  const [titles = "", ...lines] = width === undefined ? table(columns, rows) : tableWithin(width, columns, rows);
  return [style.dim(titles), ...lines];
}

/** Bytes as MiB with one digit. */
export function formatMemory(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** A rate with as many digits as it deserves: `0`, `0.3`, `12`, `1,234`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.05) return "<0.1";
  return perSecond < 9.95 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString("en-US");
}

/** A share of one core in percent: `0%`, `0.4%`, `37%`, `160%`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return percent >= 0.05 && percent < 9.95 ? `${percent.toFixed(1)}%` : `${Math.round(percent)}%`;
}

/** A state in the colour of how much it wants attention. */
export function styleState(state: ProcessState, style: Style): string {
  switch (state) {
    case "up":
      return style.green(state);
    case "starting":
    case "draining":
      return style.cyan(state);
    case "degraded":
      return style.yellow(state);
    case "silent":
      return style.yellow("no answer");
    case "down":
    case "crash-looping":
      return style.red(state);
  }
}

function row(process: ServiceProcess, style: Style): string[] {
  return [
    process.service,
    process.instance,
    or(process.pid, String),
    styleState(process.state, style),
    process.species ?? UNKNOWN,
    or(process.uptimeMs, formatDuration),
    String(process.restarts),
    or(process.inFlight, String),
    or(process.callsPerSecond, formatRate),
    or(process.p50Micros, formatWholeMicros),
    or(process.p99Micros, formatWholeMicros),
    or(process.memoryBytes, formatMemory),
    or(process.cpuShare, formatShare),
  ];
}

/** Services count whole microseconds: 0 of them is less than one. */
function formatWholeMicros(micros: number): string {
  return micros < 1 ? "<1 us" : formatMicros(micros);
}

function or(value: number | null, format: (value: number) => string): string {
  return value === null ? UNKNOWN : format(value);
}
