import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { listenUnix } from "../../net/mod.ts";
import { type Heartbeat, NUCLEUS_SCHEMA, type Registration } from "../../nucleus/client/mod.ts";
import { createServer } from "../../rpc/mod.ts";

/** What an agent does about workers, and what they told it. */
export interface FakeAgent extends AsyncDisposable {
  readonly registrations: Registration[];
  readonly heartbeats: Heartbeat[];
}

/** How a fake agent answers. */
export interface FakeAgentOptions {
  heartbeatMs?: number;
  /** Called with every heartbeat before it is answered. */
  onHeartbeat?: (heartbeat: Heartbeat) => void | Promise<void>;
}

/** Serves as the agent of a home: only what workers call. */
export async function fakeAgent(home: string, options: FakeAgentOptions = {}): Promise<FakeAgent> {
  const { heartbeatMs = 20, onHeartbeat = () => {} } = options;
  const registrations: Registration[] = [];
  const heartbeats: Heartbeat[] = [];
  const api: { [method: string]: (argument: never) => unknown } = {
    register: (registration: Registration) => {
      registrations.push(registration);
      return { heartbeatMs };
    },
    heartbeat: async (heartbeat: Heartbeat) => {
      heartbeats.push(heartbeat);
      await onHeartbeat(heartbeat);
    },
  };
  const server = createServer({
    schema: NUCLEUS_SCHEMA,
    handlers: Object.fromEntries(
      Object.keys(NUCLEUS_SCHEMA.methods).map((name) => [name, {
        fn: api[name] ?? (() => {
          throw new Error(`a worker called ${name}`);
        }),
      }]),
    ),
    instance: "nucleus",
  });
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const listener = await listenUnix(join(home, "run", "nucleus.sock"), { onLink: (link) => server.accept(link) });
  return {
    registrations,
    heartbeats,
    async [Symbol.asyncDispose]() {
      await listener.close();
      await server.drain(0);
    },
  };
}
