import { CellError, MINUTE, SECOND } from "../../base/mod.ts";

/** How keys follow each other. */
export interface KeyRingOptions {
  /**
   * How long a new key is only handed on before this node seals under it, unless others do so earlier. Larger: fewer
   * datagrams meet a node that has not heard of the key; smaller: a revoked node is shut out earlier.
   * @default 5_000
   */
  adoptMs: number;
  /** How long a key still opens after a newer one was made. @default 3_600_000 */
  graceMs: number;
  /** The same for keys that a revoked node knows. @default 60_000 */
  revokedGraceMs: number;
}

export const DEFAULT_KEY_RING_OPTIONS: KeyRingOptions = {
  adoptMs: 5 * SECOND,
  graceMs: 60 * MINUTE,
  revokedGraceMs: 60 * SECOND,
};

const DURATION_MS_MAX = 24 * 60 * MINUTE;

/** The defaults with `given` in their place. Throws INVALID_ARGUMENT naming the option and its bounds. */
export function validateKeyRingOptions(given: Partial<KeyRingOptions> = {}): KeyRingOptions {
  const options = { ...DEFAULT_KEY_RING_OPTIONS, ...given };
  for (const name of Object.keys(DEFAULT_KEY_RING_OPTIONS) as (keyof KeyRingOptions)[]) {
    const value = options[name];
    if (!Number.isInteger(value) || value < 0 || value > DURATION_MS_MAX) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `key ring option ${name}: expected milliseconds from 0 to ${DURATION_MS_MAX}, found ${value}`,
      );
    }
  }
  if (options.revokedGraceMs > options.graceMs) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `key ring option revokedGraceMs: expected at most graceMs (${options.graceMs}), found ${options.revokedGraceMs}`,
    );
  }
  return options;
}
