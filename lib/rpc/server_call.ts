import type { AsyncLocalStorage } from "node:async_hooks";
import type { ActiveCall } from "./active_call.ts";
import type { Caller } from "./caller.ts";

/** The call that is being answered, as the handler and whatever it calls see it. */
export interface ServerCall {
  /** Epoch milliseconds after which nobody waits for the answer; undefined without a deadline. */
  readonly deadline: number | undefined;
  /** Milliseconds left until the deadline; Infinity without one. */
  remainingMs(): number;
  /** Aborts when the caller cancels or goes away, and at the deadline. Made when it is first asked for. */
  readonly signal: AbortSignal;
  readonly caller: Caller;
  /** W3C `traceparent` of this call; nested calls continue it. */
  readonly trace: string;
  readonly service: string;
  readonly method: string;
}

/** Made by the first server: a process that only calls has no use for it. */
let storage: AsyncLocalStorage<ActiveCall> | undefined;

/** Runs `call`'s handler, so that everything it sets off finds its call with `currentCall`. */
export function runAs<R>(call: ActiveCall, run: (call: ActiveCall) => R): R {
  storage ??= new (process.getBuiltinModule("node:async_hooks").AsyncLocalStorage)();
  return storage.run(call, run, call);
}

/** Runs a function in the asynchronous context in which it was made. */
export type Context = <R>(run: () => R) => R;

/**
 * The context of the running code, its call included. User code that is started or ended by a frame or a timer would run in
 * the context of whoever happened to open the connection: it would see another call's deadline.
 */
export function keepContext(): Context {
  return process.getBuiltinModule("node:async_hooks").AsyncLocalStorage.snapshot() as Context;
}

/** Runs a function as part of no call: what several callers share must not end with the call of the first one. */
export function outsideCalls<R>(run: () => R): R {
  return storage === undefined ? run() : storage.exit(run);
}

/** The call that the running code answers, for clients that inherit from it. */
export function currentActiveCall(): ActiveCall | undefined {
  return storage?.getStore();
}

/** The call that the running code answers, while somebody waits for the answer: what goes on afterwards is on its own. */
export function openCall(): ServerCall | undefined {
  const call = currentActiveCall();
  return call?.isOver ? undefined : call;
}

/** The call that the running code answers; undefined outside of a handler. */
export function currentCall(): ServerCall | undefined {
  return currentActiveCall();
}
