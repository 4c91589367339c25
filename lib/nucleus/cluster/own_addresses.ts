import { networkInterfaces } from "node:os";

/** More are not told to others: a record of a node has room for as many. */
export const ADDRESSES_MAX = 8;

/** All of them together: with the rest of its record they fit into a datagram. */
const ADDRESSES_LENGTH_MAX = 256;

const LOOPBACK = "127.0.0.1";
const ANY_HOSTS = new Set(["0.0.0.0", "::"]);

/** What of an interface matters here. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

/**
 * Hosts that other nodes may reach this one at, best first: what the settings say, else the address that is listened at,
 * else those of this machine's interfaces, IPv4 before IPv6. Addresses that mean something on one link only (fe80::, with
 * a zone) are left out. Of a machine without a network only loopback is left.
 */
export function ownAddresses(
  settings: { readonly host: string; readonly addresses: readonly string[] | undefined },
  interfaces: () => Iterable<InterfaceAddress> = machineInterfaces,
): string[] {
  if (settings.addresses !== undefined) return settings.addresses.slice(0, ADDRESSES_MAX);
  if (!ANY_HOSTS.has(settings.host)) return [settings.host];
  const usable = [...interfaces()].filter(({ address, internal }) => !internal && !/^fe[89ab]/i.test(address));
  const sorted = [...usable.filter(isFour), ...(settings.host === "::" ? usable.filter((one) => !isFour(one)) : [])];
  const found = [...new Set(sorted.map(({ address }) => address))];
  return found.length === 0 ? [LOOPBACK] : fitting(found);
}

/** Whether these are the addresses of a machine that has no network now. */
export function isNowhere(addresses: readonly string[]): boolean {
  return addresses.every((address) => address === LOOPBACK);
}

/** "host:port", with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The first of them that there is room for. */
function fitting(addresses: readonly string[]): string[] {
  let length = 0;
  const until = addresses.findIndex((address) => (length += address.length) > ADDRESSES_LENGTH_MAX);
  return addresses.slice(0, until === -1 ? ADDRESSES_MAX : Math.min(until, ADDRESSES_MAX));
}

function isFour({ family }: InterfaceAddress): boolean {
  return family === "IPv4";
}

function machineInterfaces(): InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
