import { SECOND } from "../lib/base/mod.ts";
import type { LoadResult } from "../lib/load/mod.ts";
import type { TransportInUse } from "../lib/service/mod.ts";
import { stdoutStyle } from "./color.ts";
import { formatDuration, formatMicros } from "./duration.ts";
import { say } from "./stderr.ts";
import { printLines } from "./stdout.ts";
import { type Column, table } from "./table.ts";
import { transportText } from "./transport.ts";

/** Rows are printed as they are measured, so columns are as wide as what may come. */
const COLUMNS: readonly Column[] = [
  { title: "CALLERS", align: "right", widthMin: 7 },
  { title: "CALLS/S", align: "right", widthMin: 9 },
  { title: "P50", align: "right", widthMin: 7 },
  { title: "P90", align: "right", widthMin: 7 },
  { title: "P99", align: "right", widthMin: 7 },
  { title: "P99.9", align: "right", widthMin: 7 },
  { title: "MAX", align: "right", widthMin: 7 },
  { title: "ERRORS", align: "right", widthMin: 6 },
];

/** What `cell bench` shows while it measures: on stderr what was measured, since the figures mean little without it. */
export class BenchTable {
  #announced: TransportInUse | undefined;
  #hasTitle = false;

  constructor(private readonly method: string, private readonly durationMs: number) {}

  /** Says what calls travel over from now on, in front of the rows that it is true of. */
  async announce(transport: TransportInUse | undefined): Promise<void> {
    const over = transport === undefined ? "" : ` over ${transportText(transport)}`;
    if (!this.#hasTitle) {
      say(`${this.method}${over}, ${this.durationMs / SECOND} s for each line`);
      await printLines([stdoutStyle().dim(table(COLUMNS, [])[0]!)]);
    } else if (over !== "" && transport !== this.#announced) say(`from here on${over}`);
    this.#hasTitle = true;
    this.#announced = transport ?? this.#announced;
  }

  /** Says what calls travelled over at last, where that is something else than was said. */
  end(transport: TransportInUse | undefined): void {
    if (transport !== undefined && transport !== this.#announced) say(`at the end over ${transportText(transport)}`);
  }

  /** Adds a row. */
  async add(result: LoadResult): Promise<void> {
    const { p50Micros, p90Micros, p99Micros, p999Micros, maxMicros } = result;
    const cells = [
      String(result.concurrency),
      Math.round(result.callsPerSecond).toLocaleString("en-US"),
      ...[p50Micros, p90Micros, p99Micros, p999Micros, maxMicros].map(formatMicros),
      String(result.errors),
    ];
    await printLines(table(COLUMNS, [cells]).slice(1));
    const { answeredMs, firstError } = result;
    if (answeredMs === undefined) return;
    say(`nothing was answered after ${formatDuration(answeredMs)}: ${firstError}. CALLS/S is of the time before.`);
  }
}
