import { CellError, didYouMean } from "../base/mod.ts";
import { followLogs, LINES_MAX, loggedInstances, loggedServices, readLogs } from "../logs/mod.ts";
import { currentCall } from "../rpc/mod.ts";
import { assertServiceName, INSTANCE_NUMBER_MAX } from "../service/mod.ts";
import type { LogQuery, RemoteLogLine } from "./client/mod.ts";

/** Each looks at the files of a service ten times a second. */
export const FOLLOWERS_OF_LOGS_MAX = 64;
/** More instances than this are not listed in an error. */
const INSTANCES_SHOWN_MAX = 10;

let following = 0;

/**
 * The lines of this node's logs that are asked for, the oldest first; with `follow` until `signal` is aborted. Throws
 * NOT_FOUND, with near names, for a service that has no log here, INVALID_ARGUMENT for what cannot be asked, and
 * RESOURCE_EXHAUSTED when too many follow logs already. `signal` is that of the running call where none is given: nothing
 * else ends a stream whose service prints nothing.
 */
export function logLines(
  query: LogQuery,
  signal: AbortSignal | undefined = currentCall()?.signal,
): AsyncGenerator<RemoteLogLine, void, void> {
  const { service, instance, last, since, follow } = query;
  assertServiceName(service);
  assertWhole("last", last, 0, LINES_MAX);
  if (instance !== undefined) assertWhole("instance", instance, 1, INSTANCE_NUMBER_MAX);
  assertLogged(service, instance, follow);
  const wanted = {
    last,
    ...(since === undefined ? {} : { sinceMs: since.getTime() }),
    ...(instance === undefined ? {} : { instance }),
  };
  return follow ? followed(service, { ...wanted, ...(signal === undefined ? {} : { signal }) }) : read(service, wanted);
}

async function* read(
  service: string,
  wanted: Parameters<typeof readLogs>[1],
): AsyncGenerator<RemoteLogLine, void, void> {
  yield* readLogs(service, wanted);
}

async function* followed(
  service: string,
  wanted: Parameters<typeof followLogs>[1],
): AsyncGenerator<RemoteLogLine, void, void> {
  if (following >= FOLLOWERS_OF_LOGS_MAX) {
    const message = `following the log of ${service}: ${FOLLOWERS_OF_LOGS_MAX} logs are being followed here already`;
    throw new CellError("RESOURCE_EXHAUSTED", message, { data: { started: false, limit: "FOLLOWERS_OF_LOGS_MAX" } });
  }
  following++;
  try {
    yield* followLogs(service, wanted);
  } finally {
    following--;
  }
}

/** What is logged later can be waited for, where something is logged by that name. */
function assertLogged(service: string, number: number | undefined, follow: boolean): void {
  const services = loggedServices();
  if (!services.includes(service)) {
    const near = didYouMean(service, new Set(services));
    throw new CellError("NOT_FOUND", `there is no log of a service named ${service}.${near}`);
  }
  if (number === undefined || follow || loggedInstances(service, number).length > 0) return;
  const logged = loggedInstances(service);
  const shown = logged.slice(0, INSTANCES_SHOWN_MAX).join(", ") + (logged.length > INSTANCES_SHOWN_MAX ? ", ..." : "");
  throw new CellError("NOT_FOUND", `there is no log of ${service}@${number}. There are logs of ${shown}`);
}

function assertWhole(what: string, value: number, minimum: number, maximum: number): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw new CellError(
    "INVALID_ARGUMENT",
    `${what}: expected a whole number from ${minimum} to ${maximum}, found ${value}`,
  );
}
