import { readdirSync } from "node:fs";
import { libc } from "./libc.ts";
import { currentPlatform } from "./platform.ts";

/** Larger than any address of the internet: `struct sockaddr_in6` has 28 bytes. */
const ADDRESS_BYTES = 32;
/** Where `struct sockaddr_in` and `sockaddr_in6` have the port, in network order. */
const PORT_AT = 2;

/**
 * Has the kernel keep to itself what other machines say of datagrams that did not arrive. It would report that by the next
 * send through the same socket, to whomever that is, and whoever sends to many takes it for his own. `port` is that of a
 * UDP socket of this process; returns whether there is one. Where the kernel reports nothing by itself, nothing is done.
 */
export function ignoreDatagramErrors(port: number): boolean {
  const { datagramErrors } = currentPlatform();
  if (datagramErrors === undefined) return true;
  const fds = readdirSync(datagramErrors.descriptors).map(Number).filter((fd) => isDatagramSocketAt(fd, port));
  for (const fd of fds) {
    // An IPv4 socket does not know the second one, and needs only the first.
    for (const { level, option } of datagramErrors.reports) libc().setsockopt(fd, level, option, number(0), 4);
  }
  return fds.length > 0;
}

function isDatagramSocketAt(fd: number, port: number): boolean {
  const { datagramErrors } = currentPlatform();
  const { level, option, datagram } = datagramErrors!.type;
  const type = number(0);
  if (libc().getsockopt(fd, level, option, type, number(4)) !== 0 || valueOf(type) !== datagram) return false;
  const address = new Uint8Array(ADDRESS_BYTES);
  if (libc().getsockname(fd, address, number(ADDRESS_BYTES)) !== 0) return false;
  return new DataView(address.buffer).getUint16(PORT_AT) === port;
}

/** A C `int` of the platforms that this is done on, which are little-endian. */
function number(value: number): Uint8Array {
  return new Uint8Array(new Uint32Array([value]).buffer);
}

function valueOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(0, true);
}
