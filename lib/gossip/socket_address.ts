import { isIP } from "node:net";

const PORT_MAX = 65_535;
const IPV4_MAPPED = "::ffff:";
/** Of a host in the DNS, or in a hosts file. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;

/** Where datagrams go or come from. */
export interface SocketAddress {
  /** An IP address, or a name. */
  readonly host: string;
  readonly port: number;
}

/** "192.0.2.7:9044" or "[2001:db8::7]:9044". */
export function formatAddress({ host, port }: SocketAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads HOST:PORT, the host being a name or an IP address, IPv6 in brackets; undefined for anything else. */
export function parseAddress(text: string): SocketAddress | undefined {
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  const isBracketed = text.startsWith("[") && text[colon - 1] === "]";
  const host = isBracketed ? text.slice(1, colon - 1) : text.slice(0, Math.max(colon, 0));
  const isHost = isBracketed ? isIP(host) === 6 : isIP(host) === 4 || (NAME.test(host) && !/^[0-9.]+$/.test(host));
  if (!isHost || !/^[1-9][0-9]{0,4}$/.test(digits) || Number(digits) > PORT_MAX) return undefined;
  return { host, port: Number(digits) };
}

/** An address as the kernel gives it: of an IPv4 peer on a socket for both families, the IPv4 address. */
export function plainHost(host: string): string {
  const isMapped = host.startsWith(IPV4_MAPPED) && host.includes(".");
  return isMapped ? host.slice(IPV4_MAPPED.length) : host;
}

/** Whether `host` is a name, or the IP address of one machine: none that means all, a group or everybody. */
export function isHost(host: string): boolean {
  const family = isIP(host);
  if (family === 4) return !/^(?:0|22[4-9]|23\d|24\d|25[0-5])\./.test(host);
  if (family === 6) return !/^(?:::|ff[0-9a-f]{2}:.*|::ffff:.*)$/i.test(host);
  return NAME.test(host) && !/^[0-9.]+$/.test(host);
}
