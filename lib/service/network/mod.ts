/**
 * Instances of other nodes: how callers find and reach them, and how an instance is found and reached itself.
 *
 * **The agent knows, and is asked little.** Which instances there are the node agents tell each other; a client asks its own
 * agent once for a service that does not run here (`lookup`), and one that goes on calling listens to what changes
 * (`ClusterDirectory`). The agent's end ends no call: what was known last goes on being used, and streams are opened again
 * when it is back (`StandingStream`). Turned down: asking the agent before each connection (its crash would be everybody's),
 * and clients that gossip themselves (a hundred processes of a machine would each know the whole cluster).
 *
 * **Nobody pays who has no network.** Whether there is one stands in the lock file of the agent. Keys, certificates and QUIC
 * are loaded by the first connection (`transports.ts`); an instance without an agent looks at that lock every five seconds.
 *
 * **A process has one key.** It makes it, keeps it in its memory, and the agent certifies it for an hour at a time for as long
 * as anybody in the process wants connections (`OwnCredentials`): as the instance that it serves, else as a command. Renewal
 * concerns new handshakes only; the removal of a node ends the connections to it at once.
 *
 * **Three ways to an instance** (`dialFirst` of `lib/net`): QUIC, a quarter of a second later TLS over TCP, at last TLS inside a
 * call to the agent of its node, which sees what is encrypted from end to end. What has worked for a node is tried first for ten
 * minutes. It must be the instance that was meant, by its certificate.
 *
 * Invariants: no key is written or sent; a connection is used only after both sides have proved who they are; nothing here
 * keeps a process alive but connections with calls in flight and whoever waits for one; an instance of this very node is
 * listed once, by its lock.
 */
export { type AgentState, type KnownInstance, type NodeAgent } from "./agent.ts";
export { ClusterDirectory, type ClusterDirectoryOptions, type MachineDirectory } from "./cluster_directory.ts";
export { localAgent } from "./local_agent.ts";
export { NetworkDialer } from "./network_dialer.ts";
export { NetworkPresence, type NetworkPresenceOptions } from "./network_presence.ts";
export { OwnMachine, type OwnMachineOptions } from "./own_machine.ts";
