import { CellError } from "../../base/mod.ts";
import { COMMAND_SERVICE, currentCall } from "../../rpc/mod.ts";
import { type Holder, holders, NUCLEUS } from "../../service/mod.ts";

/**
 * The lock by which a process of this node is what it says it is; undefined for a command at a shell, which needs none.
 * Throws PERMISSION_DENIED for any other process, and for calls that come from another node.
 */
export function proveProcess(what: string, service: string, instance: string): Holder | undefined {
  const pid = currentCall()?.caller.pid;
  if (pid === undefined) throw denied(what, "only a process of this node itself is told that");
  if (service === COMMAND_SERVICE) {
    if (instance === String(pid)) return undefined;
    throw denied(what, `the caller is process ${pid} and calls itself ${instance.slice(0, 16)}`);
  }
  const holder = service === NUCLEUS ? undefined : holders().find((one) => one.instance === instance);
  if (holder?.service === service && holder.pid === pid) return holder;
  throw denied(what, `process ${pid} does not serve ${instance.slice(0, 128)}`);
}

function denied(what: string, why: string): CellError {
  return new CellError("PERMISSION_DENIED", `${what}: ${why}`, { data: { started: false } });
}
