import { CellError } from "../base/mod.ts";

/** Callers that may wait for one service: each is a call that a client process holds open. */
export const WAITERS_MAX = 10_000;

/** What becomes of those who wait for a service. */
export type Availability =
  | { readonly kind: "up"; readonly instances: number }
  /** An instance is on its way. */
  | { readonly kind: "wait" }
  /** It will not come. */
  | { readonly kind: "failed"; readonly error: CellError };

interface Waiter {
  resolve(instances: number): void;
  reject(error: CellError): void;
}

/** Those who wait until a service answers calls, per service. Decides nothing: `settle` is told what is the case. */
export class Activations {
  readonly #waiters = new Map<string, Set<Waiter>>();

  /** Services that somebody waits for. */
  get services(): readonly string[] {
    return [...this.#waiters.keys()];
  }

  /** Resolves to the number of instances; ends with `signal` too, and then nobody waits any more. */
  wait(service: string, signal: AbortSignal | undefined): Promise<number> {
    const waiters = this.#waiters.get(service) ?? new Set();
    if (waiters.size >= WAITERS_MAX) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `waiting for ${service}: ${WAITERS_MAX} callers wait for it already`,
        { retryable: true, data: { started: false } },
      );
    }
    this.#waiters.set(service, waiters);
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiters.delete(waiter);
        if (waiters.size === 0) this.#waiters.delete(service);
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        resolve: (instances) => (leave(), resolve(instances)),
        reject: (error) => (leave(), reject(error)),
      };
      const onAbort = () => waiter.reject(new CellError("CANCELLED", `waiting for ${service}: the caller gave up`));
      waiters.add(waiter);
      if (signal?.aborted) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Answers those whose service has come up, or will not. */
  settle(availability: (service: string) => Availability): void {
    for (const [service, waiters] of [...this.#waiters]) {
      const found = availability(service);
      if (found.kind === "wait") continue;
      for (const waiter of [...waiters]) {
        if (found.kind === "up") waiter.resolve(found.instances);
        else waiter.reject(found.error);
      }
    }
  }
}

/** The error for whoever begins something, or waits for it, while the agent goes down. */
export function endingError(what: string): CellError {
  return new CellError("FAILED_PRECONDITION", `${what}: the nucleus is going down`, { data: { started: false } });
}

/** The error for whoever calls or wakes a service that `cell stop` has stopped. */
export function stoppedError(service: string): CellError {
  return new CellError("FAILED_PRECONDITION", `${service} is stopped: cell restart ${service} starts it again`, {
    data: { started: false },
  });
}
