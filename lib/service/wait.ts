import { CellError } from "../base/mod.ts";

/** Resolves after `delayMs`; throws CANCELLED as soon as `signal` aborts. `what` is what is waited for, for the error. */
export function wait(delayMs: number, what: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(
        new CellError("CANCELLED", `${what}: cancelled before it started`, {
          cause: signal?.reason,
          data: { started: false },
        }),
      );
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
