import { SECOND } from "../base/mod.ts";
import { createClient } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { answerWithin } from "./answer_within.ts";
import { LocalDirectory } from "./directory.ts";

/** A running service that does not say what it offers within this time is treated like one that is not running. */
const ANSWER_MS_MAX = 2 * SECOND;

/** The schema of a service as it runs now; undefined when it cannot be asked: nobody waits for it to start. */
export async function liveSchema(service: string): Promise<Schema | undefined> {
  try {
    const [endpoint] = await new LocalDirectory().endpoints(service);
    if (endpoint === undefined) return undefined;
    const client = createClient(await endpoint.dial());
    try {
      return await answerWithin(client.schema(), ANSWER_MS_MAX);
    } finally {
      await client.close();
    }
  } catch {
    return undefined;
  }
}
