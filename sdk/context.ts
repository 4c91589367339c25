import type { CallContext } from "cell";
import { CellError } from "../lib/base/mod.ts";
import { currentCall } from "../lib/rpc/mod.ts";

/** The call that is being answered; throws FAILED_PRECONDITION outside of one. */
export function context(): CallContext {
  const call = currentCall();
  if (call !== undefined) return call;
  throw new CellError(
    "FAILED_PRECONDITION",
    "context(): no call is being answered here. Call it in a method, or in what a method calls, not while the module is loaded.",
  );
}
