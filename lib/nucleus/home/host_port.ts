import { isIPv6 } from "node:net";

/** A host's name or address, and a port. */
export interface HostPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

export const PORT_MAX = 65_535;
/** DNS has no longer names. */
const HOST_LENGTH_MAX = 253;
const NAME_PATTERN = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$/;

/** Whether `text` can be a host: a name, an IPv4 or an IPv6 address. */
export function isHost(text: string): boolean {
  return text.length <= HOST_LENGTH_MAX && (NAME_PATTERN.test(text) || isIPv6(text));
}

/** Reads `HOST:PORT`, an IPv6 address in brackets: `[fd00::1]:9043`. Undefined for anything else, and for port 0. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "";
  const port = Number(digits);
  if (port < 1 || port > PORT_MAX || !isHost(host)) return undefined;
  return bracketed !== undefined && !isIPv6(bracketed) ? undefined : { host, port };
}
