import { Option } from "@commander-js/extra-typings";
import { durationMs, MS, SECOND } from "../lib/base/mod.ts";
import { type LoadResult, measureLoad } from "../lib/load/mod.ts";
import { connectService, type TransportInUse } from "../lib/service/mod.ts";
import { BenchTable } from "./bench_table.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { markAnswered } from "./exit_code.ts";
import { Invocation } from "./invocation.ts";
import { parseServiceName } from "./service_name.ts";
import { printJson } from "./stdout.ts";
import { parseTransportOption, TRANSPORT_OPTION_TEXT } from "./transport.ts";
import { UsageError } from "./usage_error.ts";
import { whichMethod, whichService } from "./which.ts";

const CALLERS_DEFAULT = [1, 8, 64, 512];
const CALLERS_MAX = 4096;
const DURATION_MS_DEFAULT = 2 * SECOND;
/** In less, a slow method answers nobody. */
const DURATION_MS_MIN = 10 * MS;
/** What is shown of a number in JSON: a latency to a nanosecond. */
const DECIMALS = 3;

/** `cell bench` */
export function command(): AnyCommand {
  return createCommand("bench", {
    description: "Measure how fast a method answers, and how many calls a second it takes.",
    examples: [
      ["cell bench hello greet name=World", "1, 8, 64 and 512 callers"],
      ["cell bench math add 1 2 --transport uds -d 10s", "longer, by socket"],
      ["cell bench math add 1 2 --concurrency 1,256 --json", "for a program"],
    ],
    notes: "Each caller waits for its answer before it asks again. Calls are really made: do\n" +
      "not measure what should not happen a million times. Connections move into shared\n" +
      "memory while they are used: stderr says what was measured.",
  })
    .usage("<service> <method> [args...] [options]")
    .argument("[service]", "the service's name", parseServiceName)
    .argument("[method]", "the method's name")
    .argument("[args...]", "arguments as for `cell call`")
    .addOption(
      new Option("-d, --duration <duration>", "how long for each number of callers")
        .argParser(parseBenchDuration).default(DURATION_MS_DEFAULT, `${DURATION_MS_DEFAULT / SECOND}s`),
    )
    .addOption(
      new Option("-c, --concurrency <list>", "numbers of callers")
        .argParser(parseCallers).default(CALLERS_DEFAULT, CALLERS_DEFAULT.join(",")),
    )
    .addOption(new Option("--transport <name>", TRANSPORT_OPTION_TEXT).argParser(parseTransportOption))
    .option("--json", "print an array of objects")
    .action(async (serviceName, methodName, words, { duration, concurrency, transport, json }) => {
      if (serviceName === undefined) throw await whichService();
      if (methodName === undefined) throw await whichMethod(serviceName);
      const service = await connectService(serviceName, transport === undefined ? {} : { transport });
      try {
        const invocation = await Invocation.prepare(service, methodName, words);
        if (invocation.stdin !== "unused") throw new UsageError('"-" reads stdin once; give the arguments themselves');
        // The first call tells about wrong arguments before anything is measured.
        await invocation.once(() => {});
        const call = invocation.repeated();
        const table = json ? undefined : new BenchTable(`${serviceName}.${methodName}`, duration);
        const measured: (LoadResult & { transport: TransportInUse | undefined })[] = [];
        for (const callers of concurrency) {
          const load = { concurrency: callers, durationMs: duration, call };
          // Connections move into shared memory while it warms up.
          const onWarm = () => table?.announce(service.transport());
          const result = await measureLoad({ ...load, onWarm }).catch((error: unknown) => {
            throw markAnswered(error);
          });
          measured.push({ transport: service.transport(), ...result });
          await table?.add(result);
        }
        table?.end(service.transport());
        if (json) {
          await printJson(measured.map((row) => ({ service: serviceName, method: methodName, ...rounded(row) })));
        }
      } finally {
        await service.close();
      }
    });
}

function parseBenchDuration(text: string): number {
  const found = durationMs(text);
  if (found !== undefined && found >= DURATION_MS_MIN) return found;
  throw new UsageError(
    `--duration: expected a duration such as 500ms, 2s or 1m (${DURATION_MS_MIN}ms to 24 days), found "${text}"`,
  );
}

/** The same with as many decimals as mean something. */
function rounded(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map((
      [name, value],
    ) => [name, typeof value === "number" ? Number(value.toFixed(DECIMALS)) : value]),
  );
}

function parseCallers(text: string): number[] {
  const numbers = text.split(",").map(Number);
  const isFine = (count: number): boolean => Number.isInteger(count) && count >= 1 && count <= CALLERS_MAX;
  if (!numbers.every(isFine)) {
    throw new UsageError(
      `--concurrency: expected numbers of callers from 1 to ${CALLERS_MAX} such as 1,8,64, found "${text}"`,
    );
  }
  return numbers;
}
