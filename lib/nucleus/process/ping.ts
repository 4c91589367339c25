import { CellError, SECOND } from "../../base/mod.ts";
import { dialUnix } from "../../net/mod.ts";
import { createClient, type Hello } from "../../rpc/mod.ts";

/** A worker that does not say who it is within this time blocks its event loop. */
export const PING_MS_MAX = 5 * SECOND;

/** Asks whoever listens at `socket` who it is. Throws when nobody answers in time. */
export async function ping(socket: string): Promise<Hello> {
  const link = await dialUnix(socket);
  const client = createClient(link);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timeout = new Promise<never>((_, reject) => {
      const error = new CellError("DEADLINE_EXCEEDED", `no answer from ${socket} within ${PING_MS_MAX} ms`);
      timer = setTimeout(reject, PING_MS_MAX, error);
    });
    return await Promise.race([client.hello(), timeout]);
  } finally {
    clearTimeout(timer);
    await client.close();
  }
}
