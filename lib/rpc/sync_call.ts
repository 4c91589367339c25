import { toCellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import type { ClientMethod } from "./client_method.ts";
import type { PendingCall } from "./pending_call.ts";

/** A call that waits without the event loop looks at the clock every so many turns: a turn without news takes some 20 ns. */
const TURNS_PER_LOOK = 64;

/** Why a method cannot be called without the event loop now, and what to do; undefined when it can. */
export function syncObstacle(
  link: Link,
  isBusyWithFrame: boolean,
  method: ClientMethod | undefined,
): string | undefined {
  if (link.transport !== "shm") {
    return `expected a connection in shared memory, found one over ${link.transport}: connect with transport "shm", or ` +
      `await some calls first: a connection moves while it is used`;
  }
  if (link.peer.kind === "process" && link.peer.pid === process.pid) {
    return "this process itself would have to answer: await call() instead";
  }
  if (isBusyWithFrame) return "another frame of its connection is just being read or written: await call() instead";
  if (method === undefined) {
    return `its signature is not known yet: call it once with call() first, or connect with transport "shm"`;
  }
  if (method.resultStream || method.streamParam !== -1) {
    return "it takes or returns a stream, which needs the event loop: use call() or stream()";
  }
  return undefined;
}

/**
 * Takes in what the link brings until `call` is over. Nothing else of this process runs meanwhile: no promise, no timer; so
 * the deadline is looked at here. Answers to other calls are taken in as well; their callers go on afterwards.
 */
export function waitSync(call: PendingCall, link: Link): void {
  try {
    link.flush();
    for (let turn = 1; !call.isOver; turn++) {
      link.receiveNow();
      if (turn % TURNS_PER_LOOK !== 0) continue;
      if (performance.now() >= call.deadlineAt) call.onDeadline();
      else link.flush();
    }
  } catch (thrown) {
    call.abort(toCellError(thrown));
  }
}
