import { SECOND } from "../base/mod.ts";
import { createClient } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { answerWithin } from "./answer_within.ts";
import type { Directory, Endpoint } from "./directory.ts";
import { directoryFor } from "./directory_for.ts";

/** A running service that does not say what it offers within this time is treated like one that is not running. */
const ANSWER_MS_MAX = 2 * SECOND;
/** The same for a deployed one that does not start within this time. */
const START_MS_MAX = 10 * SECOND;

/**
 * The schema of a service as it runs now, of its newest release where several do; undefined when it cannot be asked. A
 * service that is deployed and idle is left alone, or started to be asked: `idle` says which. One that runs on other nodes
 * only is asked there.
 */
export async function liveSchema(service: string, idle: "leave" | "start"): Promise<Schema | undefined> {
  const directory = directoryFor(service, "auto");
  try {
    const endpoint = await newestInstance(directory, service, idle);
    return endpoint === undefined ? undefined : await schemaOf(endpoint);
  } catch {
    return undefined;
  } finally {
    directory.close?.();
  }
}

async function schemaOf(endpoint: Endpoint): Promise<Schema | undefined> {
  // Whoever cannot say it in its place leaves it to the instance.
  const known = await answerWithin(endpoint.schema?.() ?? Promise.resolve(undefined), ANSWER_MS_MAX).catch(() =>
    undefined
  );
  if (known !== undefined) return known;
  const client = createClient(await endpoint.dial(endpoint.distance === 0 ? "uds" : "auto"));
  try {
    return await answerWithin(client.schema(), ANSWER_MS_MAX);
  } finally {
    await client.close();
  }
}

async function newestInstance(
  directory: Directory,
  service: string,
  idle: "leave" | "start",
): Promise<Endpoint | undefined> {
  const endpoints = idle === "leave"
    ? await directory.list(service)
    : await answerWithin(directory.find(service), START_MS_MAX) ?? [];
  const isBetter = (one: Endpoint, other: Endpoint): boolean =>
    (one.release ?? 0) === (other.release ?? 0)
      ? one.distance < other.distance
      : (one.release ?? 0) > (other.release ?? 0);
  return endpoints.reduce<Endpoint | undefined>(
    (best, other) => (best === undefined || isBetter(other, best) ? other : best),
    undefined,
  );
}
