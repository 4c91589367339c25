import { CellError } from "../../base/mod.ts";
import { COMMAND_SERVICE, currentCall } from "../../rpc/mod.ts";
import { formatInstanceId, instanceOfProcess, NUCLEUS } from "../../service/mod.ts";

/**
 * Makes sure that the calling process of this node is the instance that it says it is, or a command at a shell. Throws
 * PERMISSION_DENIED for any other process, and for calls that come from another node.
 */
export function proveProcess(what: string, service: string, instance: string): void {
  const pid = currentCall()?.caller.pid;
  if (pid === undefined) throw denied(what, "only a process of this node itself is told that");
  if (service === COMMAND_SERVICE) {
    if (instance === String(pid)) return;
    throw denied(what, `the caller is process ${pid} and calls itself ${instance.slice(0, 16)}`);
  }
  const found = service === NUCLEUS ? undefined : instanceOfProcess(pid);
  if (found?.service === service && formatInstanceId(found) === instance) return;
  throw denied(what, `process ${pid} does not serve ${instance.slice(0, 128)}`);
}

function denied(what: string, why: string): CellError {
  return new CellError("PERMISSION_DENIED", `${what}: ${why}`, { data: { started: false } });
}
