import { connectService, NUCLEUS, servedNames } from "../lib/service/mod.ts";
import { UsageError } from "./usage_error.ts";

/** More names than this do not help. */
const LISTED_MAX = 12;

/** The error for a command line that names no service: it lists those that run, here and on other nodes. */
export async function whichService(): Promise<UsageError> {
  const names = servedNames();
  const here = names.length === 0
    ? "Nothing is running here: start one with `cell run FILE`."
    : `Running are ${list(names)}.`;
  const elsewhere = names.includes(NUCLEUS) ? await (await import("./where_else.ts")).servicesElsewhere() : [];
  const others = elsewhere.filter((name) => !names.includes(name));
  return new UsageError(`which service? ${here}${others.length === 0 ? "" : ` On other nodes: ${list(others)}.`}`);
}

/** The error for a command line that names a service and no method: it lists those that the service has. */
export async function whichMethod(serviceName: string): Promise<UsageError> {
  const service = await connectService(serviceName);
  try {
    const names = Object.keys((await service.schema()).methods);
    return new UsageError(`which method? ${serviceName} has ${list(names)}.`);
  } finally {
    await service.close();
  }
}

function list(names: readonly string[]): string {
  return names.slice(0, LISTED_MAX).join(", ") + (names.length > LISTED_MAX ? ", ..." : "");
}
