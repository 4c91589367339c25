import { MIB } from "../lib/base/mod.ts";
import { listProcesses, type ServiceProcess } from "../lib/machine/mod.ts";
import { stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { formatDuration, formatMicros } from "./duration.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { type Column, table } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "SERVICE", align: "left" },
  { title: "PID", align: "right" },
  { title: "SPECIES", align: "left" },
  { title: "METHODS", align: "right" },
  { title: "UP", align: "right" },
  { title: "CALLS", align: "right" },
  { title: "NOW", align: "right" },
  { title: "P50", align: "right" },
  { title: "P99", align: "right" },
  { title: "MEMORY", align: "right" },
];
const UNKNOWN = "-";

/** `cell ps` */
export function command(): AnyCommand {
  return createCommand("ps", {
    description: "List the services that run on this machine under this user.",
    examples: [
      ["cell ps", "one line per instance"],
      ["cell ps --json", "with the counters of every method"],
      [`cell ps --json | jq -r '.[].service'`, "only the names"],
      ["watch cell ps", "again every two seconds"],
    ],
    notes: "NOW counts the calls in flight. P50 is the median of the method that is called\n" +
      "most, P99 the 99th percentile of the slowest. MEMORY is what the process has for\n" +
      "itself. A service without counters starts, stops, or blocks its event loop.",
  })
    .option("--json", "print an array of objects")
    .action(async ({ json }) => {
      const processes = await listProcesses();
      if (json) return await printJson(processes);
      if (processes.length === 0) return say("nothing is running; `cell run FILE` starts a service");
      const [titles = "", ...lines] = table(COLUMNS, processes.map(row));
      await printLines([stdoutStyle().dim(titles), ...lines]);
    });
}

function row(process: ServiceProcess): string[] {
  const { service, pid, species, methods, uptimeMs, calls, inFlight, p50Micros, p99Micros, memoryBytes } = process;
  return [
    service,
    pid === null ? UNKNOWN : String(pid),
    species ?? "no answer",
    methods === null ? UNKNOWN : String(methods),
    uptimeMs === null ? UNKNOWN : formatDuration(uptimeMs),
    calls === null ? UNKNOWN : calls.toLocaleString("en-US"),
    inFlight === null ? UNKNOWN : String(inFlight),
    p50Micros === null ? UNKNOWN : formatMicros(p50Micros),
    p99Micros === null ? UNKNOWN : formatMicros(p99Micros),
    memoryBytes === null ? UNKNOWN : `${(memoryBytes / MIB).toFixed(1)} MiB`,
  ];
}
