import { COMMAND_SERVICE, type Peer } from "../net/mod.ts";

/** Who makes a call: what a handler may want to know of it. */
export interface Caller {
  /**
   * The calling service; undefined for the command line and scripts. A caller from the network has proved it with its
   * certificate, one of this machine says it and runs as this user or as root.
   */
  readonly service: string | undefined;
  /** The process that calls; undefined when it is another node's. */
  readonly pid: number | undefined;
  /** Its user; undefined when it is another node's. */
  readonly uid: number | undefined;
  /** The id of the node that the caller runs on, as its certificate says; undefined over this machine's own transports. */
  readonly node: string | undefined;
}

/** Whom a caller without a certificate counts as: no service can be called so, and no access list can name it. */
const NOBODY = "?";

/** `claimed` is what the caller says of itself, which counts only where nothing was proved. */
export function callerOf(peer: Peer, claimed: string | undefined): Caller {
  if (peer.kind === "process") return { service: claimed, pid: peer.pid, uid: peer.uid, node: undefined };
  if (peer.kind === "anonymous") return { service: NOBODY, pid: undefined, uid: undefined, node: undefined };
  const service = peer.service === COMMAND_SERVICE ? undefined : peer.service;
  return { service, pid: undefined, uid: undefined, node: peer.node };
}
