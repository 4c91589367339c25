import { networkInterfaces } from "node:os";

/** More are not told to others: a record of a node has room for as many. */
export const ADDRESSES_MAX = 8;

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
  return found.length === 0 ? [LOOPBACK] : found.slice(0, ADDRESSES_MAX);
}

/** "host:port", with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function isFour({ family }: InterfaceAddress): boolean {
  return family === "IPv4";
}

function machineInterfaces(): InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
