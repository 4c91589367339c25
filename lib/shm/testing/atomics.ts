/** What the rings do atomically. */
export type AtomicOperation = "load" | "store" | "exchange";

const REAL = { load: Atomics.load, store: Atomics.store, exchange: Atomics.exchange };

/**
 * Runs `body` while every atomic operation goes through `around`, which performs it by calling `perform`, or gives a result
 * without performing it, or throws. The operations are the runtime's own again afterwards.
 */
export function withAtomics<T>(
  around: (operation: AtomicOperation, index: number, perform: () => number) => number,
  body: () => T,
): T {
  // The runtime's type has an overload for every kind of array; the rings use one of them.
  const patched = Atomics as unknown as Record<
    AtomicOperation,
    (words: Int32Array, index: number, value: number) => number
  >;
  for (const operation of ["load", "store", "exchange"] as const) {
    const real = REAL[operation] as (words: Int32Array, index: number, value: number) => number;
    patched[operation] = (words, index, value) =>
      around(operation, index, () => real.call(Atomics, words, index, value));
  }
  try {
    return body();
  } finally {
    Object.assign(Atomics, REAL);
  }
}
