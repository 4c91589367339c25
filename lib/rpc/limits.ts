import { CellError, KIB, MIB, MINUTE, SECOND } from "../base/mod.ts";

/** What a server will carry at once. */
export interface ServerLimits {
  /**
   * Longest payload of one frame, in bytes. A longer request is skipped and answered with RESOURCE_EXHAUSTED. Larger
   * values let one call take more memory; data without end belongs into a stream.
   * @default 16 MiB
   */
  messageBytesMax: number;
  /** Calls in flight on one connection. Clients learn it from `hello` and queue what is beyond it. @default 1_024 */
  connectionCallsMax: number;
  /** Calls in flight on all connections together. @default 16_384 */
  callsMax: number;
  /** Connections. When one more comes, the oldest one without a call in flight makes room. @default 1_024 */
  connectionsMax: number;
  /** Calls that wait for a place in one method's `maxConcurrency`. @default 1_024 */
  queuedCallsMax: number;
  /**
   * Calls of one method whose caller was told that they failed (cancelled, deadline) while the handler still runs. At
   * this many, further calls of the method are refused: a handler that never returns must not fill the memory.
   * @default 1_024
   */
  abandonedCallsMax: number;
  /** How long a new connection may say nothing. @default 10_000 */
  handshakeMs: number;
  /** @default 30_000 */
  keepAliveIntervalMs: number;
  /** @default 60_000 */
  keepAliveTimeoutMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  messageBytesMax: 16 * MIB,
  connectionCallsMax: 1024,
  callsMax: 16 * 1024,
  connectionsMax: 1024,
  queuedCallsMax: 1024,
  abandonedCallsMax: 1024,
  handshakeMs: 10 * SECOND,
  keepAliveIntervalMs: 30 * SECOND,
  keepAliveTimeoutMs: 60 * SECOND,
};

/** Deadline of a call without streams whose caller and method set none. */
export const DEFAULT_TIMEOUT_MS = 30 * SECOND;
/** Bytes that one direction of a stream may have sent beyond what was consumed. */
export const STREAM_WINDOW_BYTES = 256 * KIB;
/** Longest time that a deadline in milliseconds may be away; timers of the runtime hold 31 bits. */
export const TIMEOUT_MS_MAX = 2 ** 31 - 1;
/** A control frame must fit whatever the limit for messages is. */
const MESSAGE_BYTES_MIN = 4 * KIB;
const DURATION_MS_MAX = 60 * MINUTE;

/** The defaults with `given` in their place. Throws INVALID_ARGUMENT naming the limit and its bounds. */
export function validateLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof ServerLimits)[]) {
    const minimum = name === "messageBytesMax" ? MESSAGE_BYTES_MIN : 1;
    const maximum = name === "messageBytesMax" ? 2 ** 31 - 1 : name.endsWith("Ms") ? DURATION_MS_MAX : 2 ** 20;
    const value = limits[name];
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `limit ${name}: expected an integer from ${minimum} to ${maximum}, found ${value}`,
      );
    }
  }
  return limits;
}
