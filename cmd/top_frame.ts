import type { ServiceProcess, Snapshot } from "../lib/machine/mod.ts";
import type { Style } from "./color.ts";
import { formatDuration } from "./duration.ts";
import { formatMemory, formatRate, formatShare, processTable } from "./process_table.ts";
import { sorted, SORTS, type TopState } from "./top_state.ts";

const BARS = "▁▂▃▄▅▆▇█";
/** A curve of fewer points says nothing. */
const CURVE_WIDTH_MIN = 8;
const GAP = "   ";
/** What is not a row of the table: three lines above, a blank, the titles, a blank and the keys. */
const OTHER_LINES = 7;

/**
 * What `cell top` shows on a screen of `width` by `height`: at most `height` lines of at most `width` columns. Without a
 * height every instance is shown and no keys; without a width nothing is cut.
 */
export function topFrame(
  state: TopState,
  width: number | undefined,
  height: number | undefined,
  style: Style,
): string[] {
  const { snapshot, offset } = state;
  const processes = sorted(snapshot.processes, state.sort);
  const room = height === undefined ? processes.length : Math.max(1, height - OTHER_LINES);
  const first = Math.max(0, Math.min(offset, processes.length - room));
  const [titles = "", ...rows] = processTable(processes, width, style, height !== undefined);
  const shown = rows.slice(first, first + room);
  const lines = [
    agentLine(snapshot, style),
    countsLine(snapshot, style),
    totalsLine(state, width, style),
    "",
    ...(processes.length === 0
      ? [style.dim("no instances: `cell run FILE` or `cell deploy FILE` start one")]
      : [titles]),
    ...shown,
  ];
  if (height !== undefined) {
    lines.push(
      ...new Array<string>(Math.max(0, height - lines.length - 1)).fill(""),
      keysLine(state, first, shown.length, style),
    );
  }
  const fitting = width === undefined ? lines : lines.map((line) => Bun.sliceAnsi(line, 0, width, { ellipsis: "…" }));
  // A screen that is too low for everything keeps the keys.
  return height === undefined
    ? fitting
    : [...fitting.slice(0, Math.max(0, height - 1)), fitting.at(-1)!].slice(-height);
}

function agentLine({ agent, node }: Snapshot, style: Style): string {
  const title = style.bold("cell top");
  if (agent === "absent") return `${title}${GAP}${style.yellow("no agent")}: \`cell up\` starts it`;
  if (node === null) return `${title}${GAP}${style.yellow("the agent does not answer")}: \`cell logs nucleus\``;
  const { node: id, pid, version, uptimeMs } = node;
  return [title, `node ${style.bold(id)}`, `pid ${pid}`, `version ${version}`, `up ${formatDuration(uptimeMs)}`].join(
    GAP,
  );
}

function countsLine({ processes, node }: Snapshot, style: Style): string {
  const states = Map.groupBy(processes, ({ state }) => (state === "silent" ? "not answering" : state));
  const instances = [...states].map(([state, group]) => {
    const text = `${group.length} ${state}`;
    return state === "up" || state === "starting" || state === "draining" ? text : style.red(text);
  });
  const services = node?.services ?? [];
  const kinds = Map.groupBy(services, ({ state }) => state);
  const deployed = [...kinds].map(([state, group]) => `${group.length} ${state}`);
  return [
    `instances: ${instances.join(", ") || "none"}`,
    ...(services.length === 0 ? [] : [`deployed services: ${deployed.join(", ")}`]),
  ].join(GAP);
}

function totalsLine({ snapshot: { processes }, history }: TopState, width: number | undefined, style: Style): string {
  const text = [
    `calls/s ${formatRate(sum(processes, "callsPerSecond"))}`,
    `in flight ${sum(processes, "inFlight")}`,
    `CPU ${formatShare(sum(processes, "cpuShare"))}`,
    `memory ${formatMemory(sum(processes, "memoryBytes"))}`,
  ].join(GAP);
  const left = (width ?? 0) - text.length - GAP.length;
  return left < CURVE_WIDTH_MIN || history.length < 2
    ? text
    : `${text}${GAP}${style.cyan(curve(history.slice(-left)))}`;
}

function sum(processes: readonly ServiceProcess[], key: "callsPerSecond" | "inFlight" | "cpuShare" | "memoryBytes") {
  return processes.reduce((total, process) => total + (process[key] ?? 0), 0);
}

/** The last values as bars, the highest as the highest bar. */
function curve(values: readonly number[]): string {
  const most = Math.max(...values);
  return values.map((value) => BARS[most === 0 ? 0 : Math.round((value / most) * (BARS.length - 1))]).join("");
}

function keysLine(state: TopState, first: number, shown: number, style: Style): string {
  const sorts = SORTS.map(({ key, title, sort }) => {
    const text = `${key} ${title}`;
    return sort === state.sort ? style.bold(`[${text}]`) : style.dim(text);
  });
  const total = state.snapshot.processes.length;
  const scroll = total > shown ? [`${first + 1}-${first + shown} of ${total}, ↑ ↓ to scroll`] : [];
  return [style.dim("q quit"), ...sorts, ...scroll.map(style.dim)].join("  ");
}
