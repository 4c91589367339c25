import { SECOND } from "../base/mod.ts";
import { createClient } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { activateThroughNucleus } from "./activate.ts";
import { answerWithin } from "./answer_within.ts";
import { type Endpoint, LocalDirectory } from "./directory.ts";

/** A running service that does not say what it offers within this time is treated like one that is not running. */
const ANSWER_MS_MAX = 2 * SECOND;
/** The same for a deployed one that does not start within this time. */
const START_MS_MAX = 10 * SECOND;

/**
 * The schema of a service as it runs now, of its newest release where several do; undefined when it cannot be asked. A
 * service that is deployed and idle is left alone, or started to be asked: `idle` says which.
 */
export async function liveSchema(service: string, idle: "leave" | "start"): Promise<Schema | undefined> {
  try {
    const endpoint = await newestInstance(service, idle);
    if (endpoint === undefined) return undefined;
    const client = createClient(await endpoint.dial("uds"));
    try {
      return await answerWithin(client.schema(), ANSWER_MS_MAX);
    } finally {
      await client.close();
    }
  } catch {
    return undefined;
  }
}

async function newestInstance(service: string, idle: "leave" | "start"): Promise<Endpoint | undefined> {
  const directory = new LocalDirectory(activateThroughNucleus);
  const endpoints = idle === "leave"
    ? await directory.list(service)
    : await answerWithin(directory.find(service), START_MS_MAX) ?? [];
  return endpoints.reduce<Endpoint | undefined>(
    (newest, other) => (newest !== undefined && (newest.release ?? 0) >= (other.release ?? 0) ? newest : other),
    undefined,
  );
}
