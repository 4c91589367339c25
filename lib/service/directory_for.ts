import { activateThroughNucleus } from "./activate.ts";
import { type Directory, LocalDirectory } from "./directory.ts";
import { NUCLEUS } from "./names.ts";
import { ClusterDirectory, localAgent, NetworkDialer, OwnMachine } from "./network/mod.ts";
import type { TransportChoice } from "./transport.ts";

/**
 * Where a client looks for a service: on this machine, and on all others of the cluster unless its transport reaches this
 * machine only. The node agent is that of this machine.
 */
export function directoryFor(service: string, transport: TransportChoice): Directory {
  const local = new LocalDirectory(activateThroughNucleus);
  if (service === NUCLEUS) return local;
  const agent = localAgent();
  if (transport === "uds" || transport === "shm") return new OwnMachine({ local, agent, transport });
  const dialer = new NetworkDialer(agent);
  const isInsisting = transport === "quic" || transport === "tls";
  return new ClusterDirectory({ local, agent, dialer, isInsisting });
}
