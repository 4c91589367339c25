/** Printed with a failure; CELL_SEED=n draws the same again. */
export const SEED = Number(process.env["CELL_SEED"] ?? Date.now() % 2 ** 31);

/** mulberry32: small, seeded, good enough to draw what happens and when. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
