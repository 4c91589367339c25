import { connectService, servedNames } from "../lib/service/mod.ts";
import { UsageError } from "./usage_error.ts";

/** More names than this do not help. */
const LISTED_MAX = 12;

/** The error for a command line that names no service: it lists those that run. */
export function whichService(): UsageError {
  const names = servedNames();
  return new UsageError(
    names.length === 0
      ? "which service? Nothing is running here: start one with `cell run FILE`."
      : `which service? Running are ${list(names)}.`,
  );
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
