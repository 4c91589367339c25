import { CellError, SECOND } from "../../base/mod.ts";

/**
 * After this long without a byte the kernel asks whether the other machine is still there, once a second, and gives the
 * connection up after ten questions: a machine that lost its power says nothing to a connection without calls.
 */
export const KEEP_ALIVE_MS = 30 * SECOND;
/** The highest number of a port. */
const PORT_MAX = 65_535;

/** Ports from `from` to `to`, both included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** What is sent leaves at once, and the death of the other machine is noticed. */
export function prepare(socket: Pick<Bun.Socket, "setNoDelay" | "setKeepAlive">): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

/** An address as people write it: that of an IPv4 client of a socket for both comes in the clothes of IPv6. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** "192.0.2.7:9043", "[2001:db8::7]:9043", "example.org:9043". */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The ports that may be taken, in order. Throws INVALID_ARGUMENT for numbers that are no ports. */
export function portsOf(port: number | PortRange): number[] {
  const { from, to } = typeof port === "number" ? { from: port, to: port } : port;
  const isPort = (number: number) => Number.isInteger(number) && number >= 0 && number <= PORT_MAX;
  const isRange = isPort(from) && isPort(to) && from <= to && (typeof port === "number" || from > 0);
  if (!isRange) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `choosing a port: expected 0 to ${PORT_MAX}, or a range that begins at 1 or more, found ${
        from === to ? from : `${from}-${to}`
      }`,
    );
  }
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
