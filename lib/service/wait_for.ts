import { CellError } from "../base/mod.ts";

/** Timers of the runtime hold 31 bits; whoever waits for longer waits for ever. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * What `answer` resolves to; throws DEADLINE_EXCEEDED after `timeoutMs` and CANCELLED as soon as `signal` aborts, whatever
 * then becomes of the answer. `what` is what is waited for, for the errors, which say that nothing was started; `late` makes
 * the one of the deadline where there is more to say.
 */
export async function waitFor<T>(
  answer: Promise<T>,
  what: string,
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
  late: () => CellError = () =>
    new CellError("DEADLINE_EXCEEDED", `${what}: no instance within ${Math.round(timeoutMs!)} ms`, {
      data: { started: false },
    }),
): Promise<T> {
  const isBounded = timeoutMs !== undefined && timeoutMs <= TIMER_MS_MAX;
  if (!isBounded && signal === undefined) return answer;
  const { promise, reject } = Promise.withResolvers<never>();
  const data = { started: false };
  const onAbort = () =>
    reject(new CellError("CANCELLED", `${what}: cancelled before it started`, { cause: signal?.reason, data }));
  const timer = isBounded ? setTimeout(() => reject(late()), timeoutMs) : undefined;
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
