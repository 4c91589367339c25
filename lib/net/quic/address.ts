import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { CellError } from "../../base/mod.ts";
import type { PortRange } from "../tls/mod.ts";
import type { QuicAddress } from "./runtime.ts";

/** The highest number of a port. */
const PORT_MAX = 65_535;

/** "192.0.2.7:9043", "[2001:db8::7]:9043", "example.org:9043". */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The same of an address as the runtime has it. */
export function describeAddress({ address, port }: QuicAddress): string {
  return formatAddress(address, port);
}

/** The ports that may be taken, in order. Throws INVALID_ARGUMENT for numbers that are no ports. */
export function portsOf(port: number | PortRange): number[] {
  const { from, to } = typeof port === "number" ? { from: port, to: port } : port;
  const isPort = (number: number) => Number.isInteger(number) && number >= 0 && number <= PORT_MAX;
  if (!isPort(from) || !isPort(to) || from > to || (typeof port !== "number" && from === 0)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `choosing a port: expected 0 to ${PORT_MAX}, or a range that begins at 1 or more, found ${from}-${to}`,
    );
  }
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The IP address of a host. Throws UNAVAILABLE for a name that nobody has. */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new CellError(
      "UNAVAILABLE",
      `connecting to ${host}: no machine has that name (${(error as Error).message})`,
      {
        cause: error,
        data: { started: false },
      },
    );
  }
}
