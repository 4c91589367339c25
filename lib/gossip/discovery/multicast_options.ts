import { isIP } from "node:net";
import { CellError } from "../../base/mod.ts";

/** Where nodes on one network look for each other. */
export interface MulticastOptions {
  /** An IPv4 multicast group; the default is of the range that stays within a site (RFC 2365). @default "239.255.42.1" */
  group: string;
  /** @default 9042 */
  port: number;
  /** The IPv4 addresses of the interfaces to speak and listen on. @default those that the machine has at the moment */
  interfaces: readonly string[] | undefined;
}

export const DEFAULT_MULTICAST: MulticastOptions = { group: "239.255.42.1", port: 9042, interfaces: undefined };

/** The defaults with `given` in their place. Throws INVALID_ARGUMENT naming the option. */
export function validateMulticast(given: Partial<MulticastOptions> = {}): MulticastOptions {
  const options = { ...DEFAULT_MULTICAST, ...given };
  const { group, port, interfaces } = options;
  if (isIP(group) !== 4 || !/^(?:22[4-9]|23\d)\./.test(group)) throw refused("group", "an IPv4 multicast group", group);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refused("port", "a port", port);
  for (const address of interfaces ?? []) {
    if (isIP(address) !== 4) throw refused("interfaces", "IPv4 addresses of this machine", address);
  }
  return options;
}

function refused(option: string, expected: string, found: unknown): CellError {
  return new CellError(
    "INVALID_ARGUMENT",
    `multicast option ${option}: expected ${expected}, found ${JSON.stringify(found)}`,
  );
}
