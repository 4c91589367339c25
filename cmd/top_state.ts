import type { ServiceProcess, Snapshot } from "../lib/machine/mod.ts";

/** What instances are sorted by. */
export type Sort = "name" | "cpu" | "memory" | "calls";

/** What `cell top` shows: changed by keys and by every new snapshot. */
export interface TopState {
  readonly snapshot: Snapshot;
  /** Calls per second of everything that is shown, the newest last. */
  readonly history: readonly number[];
  readonly sort: Sort;
  /** How many rows are scrolled past. */
  readonly offset: number;
}

/** The keys that sort. */
export const SORTS: readonly { key: string; title: string; sort: Sort }[] = [
  { key: "n", title: "name", sort: "name" },
  { key: "c", title: "CPU", sort: "cpu" },
  { key: "m", title: "memory", sort: "memory" },
  { key: "s", title: "calls/s", sort: "calls" },
];

/** Five minutes of seconds: more than any screen is wide. */
const HISTORY_MAX = 300;
const PAGE_ROWS = 10;

/** What the keys of a terminal send that scroll. */
const SCROLLS: { [key: string]: number } = {
  "\x1b[A": -1,
  "\x1bOA": -1,
  k: -1,
  "\x1b[B": 1,
  "\x1bOB": 1,
  j: 1,
  "\x1b[5~": -PAGE_ROWS,
  "\x1b[6~": PAGE_ROWS,
};
const CTRL_C = "\x03";
const ESCAPE = "\x1b";
/** An arrow or a key such as Page Up is several characters. */
const KEY = new RegExp(`${ESCAPE}(?:\\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[\\s\\S]`, "g");

/** The state before any key. */
export function startState(snapshot: Snapshot): TopState {
  return withSnapshot({ snapshot, history: [], sort: "name", offset: 0 }, snapshot);
}

/** The state after a second has passed. */
export function withSnapshot(state: TopState, snapshot: Snapshot): TopState {
  const rate = snapshot.processes.reduce((total, { callsPerSecond }) => total + (callsPerSecond ?? 0), 0);
  return { ...state, snapshot, history: [...state.history, rate].slice(-HISTORY_MAX) };
}

/** The state after a key; a key that means nothing changes nothing. */
export function withKey(state: TopState, key: string): TopState | "quit" {
  if (key === "q" || key === "Q" || key === CTRL_C) return "quit";
  const sort = SORTS.find((candidate) => candidate.key === key.toLowerCase())?.sort;
  if (sort !== undefined) return { ...state, sort, offset: 0 };
  const rows = Object.hasOwn(SCROLLS, key) ? SCROLLS[key]! : 0;
  const last = Math.max(0, state.snapshot.processes.length - 1);
  return rows === 0 ? state : { ...state, offset: Math.max(0, Math.min(last, state.offset + rows)) };
}

/** The most of it first; what is not known last, and by name where it is the same. */
export function sorted(processes: readonly ServiceProcess[], sort: Sort): readonly ServiceProcess[] {
  if (sort === "name") return processes;
  const field = ({ cpu: "cpuShare", memory: "memoryBytes", calls: "callsPerSecond" } as const)[sort];
  return [...processes].sort((a, b) => (b[field] ?? -1) - (a[field] ?? -1));
}

/** The keys in what a terminal has sent at once: an escape sequence is one. */
export function keysIn(text: string): string[] {
  return text.match(KEY) ?? [];
}
