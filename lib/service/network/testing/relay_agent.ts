import { createTrust } from "../../../net/identity/mod.ts";
import { instanceOn } from "../../../net/identity/testing/cluster.ts";
import { listenTls, pipeToTcp } from "../../../net/tls/mod.ts";
import { createServer } from "../../../rpc/mod.ts";
import { NUCLEUS } from "../../names.ts";
import { relaySchema } from "../relay.ts";
import type { FakeAgent } from "./fake_agent.ts";

/** The part of a node's agent that other nodes' callers use: it connects them to a port of its machine. */
export interface RelayAgent {
  readonly port: number;
  /** What was relayed to, in order. */
  readonly relayed: string[];
  close(): Promise<void>;
}

/** Relays as the agent of a node to whatever `portOf` says of an instance. */
export async function relayOn({ identity }: FakeAgent, portOf: (instance: string) => number): Promise<RelayAgent> {
  if (identity === undefined) throw new Error("this agent of a test has no certificates");
  const credentials = await instanceOn(identity, NUCLEUS, Date.now());
  const relayed: string[] = [];
  const relay = (instance: string, bytes: AsyncIterable<Uint8Array>) => {
    relayed.push(instance);
    return pipeToTcp(bytes, { port: portOf(instance) });
  };
  const server = createServer({
    schema: relaySchema(),
    handlers: { relay: { fn: relay as never } },
    instance: NUCLEUS,
  });
  const listener = await listenTls({
    host: "127.0.0.1",
    port: 0,
    credentials: () => credentials,
    trust: createTrust(identity.authorityPem),
    onLink: (link) => server.accept(link),
  });
  return {
    port: listener.port,
    relayed,
    async close() {
      await listener.close();
      await server.drain(0);
    },
  };
}
