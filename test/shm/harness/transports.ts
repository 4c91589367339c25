/** What moves the calls of a test: everything that holds for one holds for the other. */
export type Transport = "uds" | "shm";

/** What the tests show they read in /proc, so on other systems there is nothing to be tested. */
const ALL: readonly Transport[] = process.platform === "linux" ? ["uds", "shm"] : [];

/** CELL_TEST_TRANSPORTS=uds leaves the other one out. */
export const TRANSPORTS = ALL.filter((name) => process.env["CELL_TEST_TRANSPORTS"]?.includes(name) ?? true);

/** With "auto", connections move in the middle of what a test does. */
export const MOVING_TRANSPORTS: readonly (Transport | "auto")[] = TRANSPORTS.includes("shm")
  ? [...TRANSPORTS, "auto"]
  : TRANSPORTS;
