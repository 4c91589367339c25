import { Option } from "@commander-js/extra-typings";
import { SECOND } from "../lib/base/mod.ts";
import { type LoadResult, measureLoad } from "../lib/load/mod.ts";
import { connectService } from "../lib/service/mod.ts";
import { stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { formatMicros, parseDuration } from "./duration.ts";
import { Invocation } from "./invocation.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { type Column, table } from "./table.ts";
import { UsageError } from "./usage_error.ts";
import { whichMethod, whichService } from "./which.ts";

const CALLERS_DEFAULT = [1, 8, 64];
const CALLERS_MAX = 4096;
const DURATION_MS_DEFAULT = 2 * SECOND;
/** What calls travel over; shown because the figures mean little without it. */
const TRANSPORT = "unix socket";

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

/** `cell bench` */
export function command(): AnyCommand {
  return createCommand("bench", {
    description: "Measure how fast a method answers, and how many calls a second it takes.",
    examples: [
      ["cell bench hello greet name=World", "1, 8, 64 callers, 2 s each"],
      ["cell bench hello greet name=World --duration 10s", "longer"],
      ["cell bench math add 1 2 --concurrency 1,256 --json", "for a program"],
    ],
    notes: "Each caller waits for its answer before it asks again. Calls are really made: do\n" +
      "not measure what should not happen a million times.",
  })
    .usage("<service> <method> [args...] [options]")
    .argument("[service]", "the service's name", parseServiceName)
    .argument("[method]", "the method's name")
    .argument("[args...]", "arguments as for `cell call`")
    .addOption(
      new Option("-d, --duration <duration>", "how long for each number of callers")
        .argParser(parseDuration).default(DURATION_MS_DEFAULT, `${DURATION_MS_DEFAULT / SECOND}s`),
    )
    .addOption(
      new Option("-c, --concurrency <list>", "numbers of callers")
        .argParser(parseCallers).default(CALLERS_DEFAULT, CALLERS_DEFAULT.join(",")),
    )
    .option("--json", "print an array of objects")
    .action(async (serviceName, methodName, words, { duration, concurrency, json }) => {
      if (serviceName === undefined) throw whichService();
      if (methodName === undefined) throw await whichMethod(serviceName);
      const service = await connectService(serviceName);
      try {
        const invocation = await Invocation.prepare(service, methodName, words);
        if (invocation.stdin !== "unused") throw new UsageError('"-" reads stdin once; give the arguments themselves');
        const ignore = (): void => {};
        // The first call tells about wrong arguments before anything is measured.
        await invocation.once(ignore);
        const results: LoadResult[] = [];
        if (!json) {
          say(`${serviceName}.${methodName} over a ${TRANSPORT}, ${duration / SECOND} s for each line`);
          await printLines([stdoutStyle().dim(table(COLUMNS, [])[0]!)]);
        }
        for (const callers of concurrency) {
          const result = await measureLoad({
            concurrency: callers,
            durationMs: duration,
            call: () => invocation.once(ignore),
          });
          results.push(result);
          if (!json) await printLines(table(COLUMNS, [row(result)]).slice(1));
        }
        if (json) {
          const measured = { service: serviceName, method: methodName, transport: TRANSPORT };
          await printJson(results.map((result) => ({ ...measured, ...result })));
        }
      } finally {
        await service.close();
      }
    });
}

function row(result: LoadResult): string[] {
  const { p50Micros, p90Micros, p99Micros, p999Micros, maxMicros } = result;
  return [
    String(result.concurrency),
    Math.round(result.callsPerSecond).toLocaleString("en-US"),
    ...[p50Micros, p90Micros, p99Micros, p999Micros, maxMicros].map(formatMicros),
    String(result.errors),
  ];
}

function parseCallers(text: string): number[] {
  const numbers = text.split(",").map(Number);
  const isFine = (count: number): boolean => Number.isInteger(count) && count >= 1 && count <= CALLERS_MAX;
  if (!numbers.every(isFine)) {
    throw new UsageError(`expected numbers of callers from 1 to ${CALLERS_MAX} such as 1,8,64, found "${text}"`);
  }
  return numbers;
}
