import { networkInterfaces } from "node:os";

/** Interfaces that are used at most; a machine with more has most of them for containers. */
export const INTERFACES_MAX = 16;

/** The IPv4 addresses of this machine's interfaces, loopback last; none when the system does not say. */
export function ownInterfaces(ask: typeof networkInterfaces = networkInterfaces): string[] {
  const addresses = Object.values(answerOf(ask)).flatMap((infos) => infos ?? []).filter(({ family }) =>
    family === "IPv4"
  );
  const outer = addresses.filter(({ internal }) => !internal);
  const inner = addresses.filter(({ internal }) => internal);
  return [...new Set([...outer.slice(0, INTERFACES_MAX), ...inner.slice(0, 1)].map(({ address }) => address))];
}

/** The system needs a file descriptor to answer, and throws where there is none left. */
function answerOf(ask: typeof networkInterfaces): ReturnType<typeof networkInterfaces> {
  try {
    return ask();
  } catch {
    return {}; // asked again with the next hello
  }
}
