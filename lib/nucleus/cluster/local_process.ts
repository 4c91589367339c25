import { CellError } from "../../base/mod.ts";
import { COMMAND_SERVICE } from "../../net/mod.ts";
import { currentCall } from "../../rpc/mod.ts";
import { formatInstanceId, instanceOfProcess, NUCLEUS } from "../../service/mod.ts";

/** A process of this node that calls the agent, as the kernel told when it connected. */
export class LocalProcess {
  private constructor(private readonly what: string, private readonly pid: number) {}

  /** The one that makes the running call. Throws PERMISSION_DENIED for calls that come from another node. */
  static calling(what: string): LocalProcess {
    const pid = currentCall()?.caller.pid;
    if (pid === undefined) throw denied(what, "only a process of this node itself is told that");
    return new LocalProcess(what, pid);
  }

  /** Throws PERMISSION_DENIED unless it is the instance that it says it is: now, for it may have given that up. */
  assertInstance(service: string, instance: string): void {
    const found = service === NUCLEUS || service === COMMAND_SERVICE ? undefined : instanceOfProcess(this.pid);
    if (found?.service === service && formatInstanceId(found) === instance) return;
    throw denied(this.what, `process ${this.pid} does not serve ${instance.slice(0, 128)}`);
  }

  /**
   * Throws PERMISSION_DENIED unless it is that instance or, where `service` is that of commands, a process that serves
   * nothing: one that does is not to get around the access lists that name it.
   */
  assertIs(service: string, instance: string): void {
    if (service !== COMMAND_SERVICE) return this.assertInstance(service, instance);
    if (instance !== String(this.pid)) {
      throw denied(this.what, `the caller is process ${this.pid} and calls itself ${instance.slice(0, 16)}`);
    }
    const found = instanceOfProcess(this.pid);
    if (found === undefined) return;
    throw denied(this.what, `process ${this.pid} is no command at a shell: it serves ${formatInstanceId(found)}`);
  }
}

function denied(what: string, why: string): CellError {
  return new CellError("PERMISSION_DENIED", `${what}: ${why}`, { data: { started: false } });
}
