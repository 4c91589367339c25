import { networkInterfaces } from "node:os";

/** Interfaces that are used at most; a machine with more has most of them for containers. */
export const INTERFACES_MAX = 16;

/** The IPv4 addresses of this machine's interfaces, loopback last. */
export function ownInterfaces(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []).filter(({ family }) =>
    family === "IPv4"
  );
  const outer = addresses.filter(({ internal }) => !internal);
  const inner = addresses.filter(({ internal }) => internal);
  return [...new Set([...outer.slice(0, INTERFACES_MAX), ...inner.slice(0, 1)].map(({ address }) => address))];
}
