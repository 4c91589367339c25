import { CellError, SECOND } from "../../base/mod.ts";
import { dialUnix } from "../../net/mod.ts";
import { createClient, type Hello } from "../../rpc/mod.ts";

/** A worker that does not say who it is within this time blocks its event loop. */
export const PING_MS_MAX = 5 * SECOND;

/** What a worker says of itself. */
export interface Pong {
  readonly hello: Hello;
  /** Since it started. */
  readonly counts: { readonly calls: number; readonly errors: number };
}

/** Asks whoever listens at `socket` who it is and what it has answered. Throws when nobody answers in time. */
export async function ping(socket: string): Promise<Pong> {
  const link = await dialUnix(socket);
  const client = createClient(link);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timeout = new Promise<never>((_, reject) => {
      const error = new CellError("DEADLINE_EXCEEDED", `no answer from ${socket} within ${PING_MS_MAX} ms`);
      timer = setTimeout(reject, PING_MS_MAX, error);
    });
    const [hello, { calls, errors }] = await Promise.race([Promise.all([client.hello(), client.stats()]), timeout]);
    return { hello, counts: { calls, errors } };
  } finally {
    clearTimeout(timer);
    await client.close();
  }
}
