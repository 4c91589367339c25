import { CellError } from "../base/mod.ts";
import { COMMAND_SERVICE, describePeer, type Peer } from "../net/mod.ts";
import { isAllowed, parseAccessList } from "./access_list.ts";
import { instanceOfProcess } from "./holders.ts";
import { NUCLEUS } from "./names.ts";

/** How `cell.toml` calls the list of those who may call a service. */
export const ACCESS_KEY = "[cell.access] allow";

/**
 * Decides whom a service answers: `patterns` are what its `cell.toml` allows; without any, everybody is answered. Who a peer is
 * says its certificate, on this machine the lock that its process holds. The node agent is always answered: it looks after
 * the service. Throws INVALID_ARGUMENT for patterns that cannot be.
 */
export function authorizer(
  service: string,
  patterns: readonly string[] | undefined,
): ((peer: Peer) => CellError | undefined) | undefined {
  if (patterns === undefined) return undefined;
  const list = parseAccessList(patterns);
  return (peer) => {
    const caller = serviceOf(peer);
    if (caller === NUCLEUS || (caller !== undefined && isAllowed(list, caller))) return undefined;
    const who = caller === COMMAND_SERVICE
      ? `commands at a shell and scripts (${COMMAND_SERVICE}), such as ${describeProcess(peer)},`
      : `${caller ?? "a peer without a certificate"} (${describePeer(peer)})`;
    const remedy = `add "${
      caller ?? COMMAND_SERVICE
    }" to ${ACCESS_KEY} in the cell.toml of ${service}, and deploy or run it again`;
    return new CellError(
      "PERMISSION_DENIED",
      `calling ${service}: ${who} may not, since its access list does not have ${
        caller === COMMAND_SERVICE ? "them" : "it"
      }. ` +
        `If that is wrong, ${remedy}.`,
      { data: { started: false } },
    );
  };
}

/** A command on another node is known by the number of its process. */
function describeProcess(peer: Peer): string {
  return peer.kind === "instance" ? `process ${describePeer(peer)}` : describePeer(peer);
}

/** Undefined of a peer that is nobody. */
function serviceOf(peer: Peer): string | undefined {
  if (peer.kind === "instance") return peer.service;
  return peer.kind === "process" ? instanceOfProcess(peer.pid)?.service ?? COMMAND_SERVICE : undefined;
}
