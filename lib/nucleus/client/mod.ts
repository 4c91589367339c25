/**
 * The node agent as its callers see it: what it offers (`api.ts`), a typed client of it, and how it is started.
 *
 * The agent is a service like any other: a schema, a socket, a name (`nucleus`) that is a lock. `cell call nucleus status`
 * and a client in any language work without any of this. What is here is what our own commands and workers use: they are
 * compiled against `schema.json`, which is made from `api.ts`, so that an agent and a command of different versions of the
 * binary refuse exactly what does not fit and nothing else.
 *
 * The schema is a file and not read when it is needed, because reading types takes the compiler, and the agent and its
 * workers never load that. A test fails when it is not what `api.ts` says.
 *
 * **Another node's agent is reached through the own one** (`remote_agent.ts`): bytes go through its method `tunnel`, and what
 * is spoken over them is the same protocol with the same schema. So a command needs no certificate, no port and no way to
 * the other machine, and whatever works here works there. Turned down: a method for every question with the node as a
 * parameter, which the agent would have to pass on one by one.
 *
 * This room is light: it loads neither the store nor the supervisor.
 */
export * from "./api.ts";
export * from "./cluster_api.ts";
export { findMember, isIdOf, shortNodeId } from "./find_member.ts";
export { INSTANCES_MAX } from "../../service/mod.ts";
export { connectNucleus, type ConnectNucleusOptions, type NucleusClient } from "./nucleus_client.ts";
export { NUCLEUS } from "../../service/mod.ts";
export { NUCLEUS_SCHEMA } from "./schema.ts";
export { awaitNucleus, startDetached, type StartedNucleus } from "./start_detached.ts";
export { type OpenTunnel, type TunnelLink, tunnelLink } from "./tunnel_link.ts";
