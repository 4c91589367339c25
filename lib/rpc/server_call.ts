/** The call that is being answered, as the handler and whatever it calls see it. */
export interface ServerCall {
  /** Epoch milliseconds after which nobody waits for the answer; undefined without a deadline. */
  readonly deadline: number | undefined;
  /** Milliseconds left until the deadline; Infinity without one. */
  remainingMs(): number;
  /** Aborts when the caller cancels or goes away, and at the deadline. Made when it is first asked for. */
  readonly signal: AbortSignal;
  readonly caller: { readonly service: string | undefined; readonly pid: number; readonly uid: number };
  /** W3C `traceparent`. */
  readonly trace: string;
  readonly service: string;
  readonly method: string;
}

/** The call that the running code answers; undefined outside of a handler. */
export function currentCall(): ServerCall | undefined {
  return undefined;
}
