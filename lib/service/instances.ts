import { SECOND } from "../base/mod.ts";
import { dialUnix } from "../net/mod.ts";
import { createClient, type Hello, type ServerStats } from "../rpc/mod.ts";
import { answerWithin } from "./answer_within.ts";
import { type Holder, holders } from "./holders.ts";

/** How long an instance may take to say who it is; one that is busy for longer is listed without it. */
const ANSWER_MS_MAX = 2 * SECOND;

/** One live process that holds the name of a service, or of an instance of one, on this machine. */
export interface Instance extends Holder {
  /** What it says about itself; undefined when it does not answer: it starts, stops or blocks its event loop. */
  readonly answer: { readonly hello: Hello; readonly stats: ServerStats } | undefined;
}

/** The live instances, sorted by service and number. What crashed processes left behind is removed on the way. */
export function listInstances(): Promise<Instance[]> {
  return Promise.all(holders().map(instanceOf));
}

async function instanceOf(holder: Holder): Promise<Instance> {
  const answer = await ask(holder.socket);
  return { ...holder, pid: answer?.hello.pid ?? holder.pid, answer };
}

async function ask(socket: string): Promise<Instance["answer"]> {
  try {
    const client = createClient(await dialUnix(socket));
    try {
      const [hello, stats] = await answerWithin(Promise.all([client.hello(), client.stats()]), ANSWER_MS_MAX) ?? [];
      return hello === undefined || stats === undefined ? undefined : { hello, stats };
    } finally {
      await client.close();
    }
  } catch {
    return undefined;
  }
}
