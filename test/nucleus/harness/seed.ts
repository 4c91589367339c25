/** Printed with a failure; CELL_SEED=n draws the same again. */
export const SEED = Number(process.env["CELL_SEED"] ?? Date.now() % 2 ** 31);
