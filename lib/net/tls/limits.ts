import { CellError, MINUTE, SECOND } from "../../base/mod.ts";

/** What a listener does for clients that have not proved who they are. */
export interface TlsLimits {
  /**
   * How long a client may take from its first byte to its certificate. Longer helps clients on slow lines, and lets those
   * that say nothing hold their place as long.
   * @default 5_000
   */
  handshakeMs: number;
  /** How long a client without a certificate, where such are let in, may stay. @default 60_000 */
  anonymousMs: number;
  /**
   * Clients that have not proved who they are, at once: handshakes, and links without a certificate. When one more comes, the
   * one that came first must go: honest ones are done before the rates let so many others in. A handshake takes 25 KiB; fewer
   * make it easier to keep others out.
   * @default 512
   */
  strangersMax: number;
  /** The same for one address, or one /64 of IPv6. @default 64 */
  strangersPerAddressMax: number;
  /**
   * New connections per second. A handshake takes 0.7 ms of the processor, so the default lets strangers have a third of
   * one; as many again may come at once after a pause of a second.
   * @default 400
   */
  connectionsPerSecond: number;
  /** The same for one address, or one /64 of IPv6. @default 100 */
  connectionsPerSecondPerAddress: number;
}

export const DEFAULT_TLS_LIMITS: TlsLimits = {
  handshakeMs: 5 * SECOND,
  anonymousMs: 60 * SECOND,
  strangersMax: 512,
  strangersPerAddressMax: 64,
  connectionsPerSecond: 400,
  connectionsPerSecondPerAddress: 100,
};

/** How many strangers may be let in at most, whatever is configured. */
const COUNT_MAX = 2 ** 16;
const DURATION_MS_MAX = 10 * MINUTE;

/** The defaults with `given` in their place. Throws INVALID_ARGUMENT naming the limit and its bounds. */
export function validateTlsLimits(given: Partial<TlsLimits> = {}): TlsLimits {
  const limits = { ...DEFAULT_TLS_LIMITS, ...given };
  for (const name of Object.keys(DEFAULT_TLS_LIMITS) as (keyof TlsLimits)[]) {
    const maximum = name.endsWith("Ms") ? DURATION_MS_MAX : COUNT_MAX;
    const value = limits[name];
    if (!Number.isInteger(value) || value < 1 || value > maximum) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `limit ${name}: expected an integer from 1 to ${maximum}, found ${value}`,
      );
    }
  }
  return limits;
}
