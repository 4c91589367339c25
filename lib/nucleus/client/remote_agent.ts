import { CellError, MINUTE, SECOND, toCellError } from "../../base/mod.ts";
import { createClient, type RpcClient } from "../../rpc/mod.ts";
import { NUCLEUS } from "../../service/mod.ts";
import type { AgentConnection } from "./agent_connection.ts";
import type { ClusterStatus, Member } from "./cluster_api.ts";
import { findMember } from "./find_member.ts";
import { NUCLEUS_SCHEMA } from "./schema.ts";
import { tunnelLink } from "./tunnel_link.ts";

/** How long the end of a tunnel may take whose last bytes are under way. */
const END_MS_MAX = 1 * SECOND;

/**
 * A connection to the agent of another node, through `own`, which is closed with it, or when this fails. `own` itself where
 * this very node is meant. `timeoutMs` bounds each question to the own agent. Throws NOT_FOUND with near names, UNAVAILABLE when the node has failed, has left or cannot be
 * reached, and what the agents say.
 */
export async function connectRemoteAgent(
  own: AgentConnection,
  node: string,
  timeoutMs?: number,
): Promise<AgentConnection> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  try {
    const members = await own.call("members", [], options) as Member[];
    const member = findMember(members, node);
    if (member.isSelf) return own;
    assertThere(member);
    const { cluster } = await own.call("cluster", [], options) as ClusterStatus;
    return await RemoteAgent.open(own, member, cluster);
  } catch (error) {
    await own.close();
    throw error;
  }
}

class RemoteAgent implements AgentConnection {
  private constructor(
    private readonly own: AgentConnection,
    private readonly client: RpcClient,
    private readonly ended: Promise<unknown>,
    private readonly node: string,
  ) {}

  static async open(own: AgentConnection, member: Member, cluster: string): Promise<RemoteAgent> {
    const { id, name, address } = member;
    const { link, ended } = tunnelLink(
      (bytes) => own.stream("tunnel", [id, bytes]) as AsyncGenerator<Uint8Array, void, void>,
      { kind: "instance", cluster, node: id, nodeName: name, service: NUCLEUS, instance: NUCLEUS, address },
    );
    const client = createClient(link, { schema: NUCLEUS_SCHEMA, service: NUCLEUS, callerService: "cell" });
    try {
      await client.hello();
      return new RemoteAgent(own, client, ended, name);
    } catch (error) {
      await client.close();
      // What broke the tunnel says more than that the connection ended.
      const { code, message, retryable, data } = toCellError(await within(END_MS_MAX, ended) ?? error);
      const what = `reaching the nucleus of node ${name} (${address}): ${message}`;
      throw new CellError(code, what, { retryable, data, cause: error });
    }
  }

  async call(method: string, args: readonly unknown[], options?: { timeoutMs?: number }): Promise<unknown> {
    try {
      return await this.client.call(method, args, options);
    } catch (error) {
      throw this.#named(error);
    }
  }

  /** Not a generator around the stream: that could not be ended while it waits for an item. */
  stream(method: string, args: readonly unknown[]): AsyncGenerator<unknown, void, void> {
    const stream = this.client.stream(method, args);
    const named: AsyncGenerator<unknown, void, void> = {
      next: () =>
        stream.next().catch((error: unknown) => {
          throw this.#named(error);
        }),
      return: (value) => stream.return(value),
      throw: (error) => stream.throw(error),
      [Symbol.asyncIterator]: () => named,
      [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
    };
    return named;
  }

  /** What was sent last, such as a cancellation, still leaves. */
  async close(): Promise<void> {
    await this.client.close();
    await within(END_MS_MAX, this.ended);
    await this.own.close();
  }

  /** The error of a call whose connection was lost: there are several agents on the way, and one of them is meant. */
  #named(error: unknown): unknown {
    if (!this.client.draining || !(error instanceof CellError) || error.code !== "UNAVAILABLE") return error;
    const { message, retryable, data } = error;
    const why = message.replaceAll(`the connection to ${NUCLEUS} was lost: `, "");
    const what = `the connection to the nucleus of node ${this.node} was lost: ${why}`;
    return new CellError(error.code, what, { retryable, data, cause: error });
  }
}

/** Nobody answers for a node that has gone; whoever asks is told at once instead of after a timeout. */
function assertThere({ name, state, sinceMs }: Member): void {
  if (state === "alive" || state === "suspect") return;
  const forMs = sinceMs < MINUTE ? `${Math.round(sinceMs / SECOND)} s` : `${Math.round(sinceMs / MINUTE)} min`;
  const why = state === "failed"
    ? `it has not answered the other nodes for ${forMs}. Look at that machine: cell up there brings it back`
    : `it left the cluster ${forMs} ago; cell join there brings it back`;
  throw new CellError("UNAVAILABLE", `reaching the nucleus of node ${name}: ${why}`, { data: { started: false } });
}

/** What `promise` resolves to, or undefined when it takes longer. */
async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const timeout = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
