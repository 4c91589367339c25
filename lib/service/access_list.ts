import { CellError } from "../base/mod.ts";
import { isServiceName } from "./names.ts";

/** A list names no more. */
export const ACCESS_PATTERNS_MAX = 64;

/** Which services may call another one. */
export interface AccessList {
  readonly names: ReadonlySet<string>;
  /** What names may begin with: "ops-" for "ops-*". */
  readonly prefixes: readonly string[];
}

/**
 * Reads the names of services that are let in: "trader", "ops-*" for every name that begins with "ops-", "*" for all of the
 * cluster, "cell" for commands at a shell. Throws INVALID_ARGUMENT, naming the pattern, for what is none of these.
 */
export function parseAccessList(patterns: readonly string[]): AccessList {
  if (patterns.length > ACCESS_PATTERNS_MAX) {
    throw unusable(
      `expected at most ${ACCESS_PATTERNS_MAX} names, found ${patterns.length}. Use one with a * for many.`,
    );
  }
  const names = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    if (isServiceName(pattern)) names.add(pattern);
    else if (isPrefixPattern(pattern)) prefixes.push(pattern.slice(0, -1));
    else {
      throw unusable(
        `expected a service's name ("trader") or the beginning of names and a * ("ops-*"), found ${
          JSON.stringify(pattern.slice(0, 80))
        }`,
      );
    }
  }
  return { names, prefixes };
}

/** Whether `service` is let in. An empty list lets nobody in. */
export function isAllowed({ names, prefixes }: AccessList, service: string): boolean {
  return names.has(service) || prefixes.some((prefix) => service.startsWith(prefix));
}

/** A name's beginning is one when it could be a name with something behind it. */
function isPrefixPattern(pattern: string): boolean {
  return pattern === "*" || (pattern.endsWith("*") && isServiceName(`${pattern.slice(0, -1)}a`));
}

function unusable(why: string): CellError {
  return new CellError("INVALID_ARGUMENT", `reading an access list: ${why}`);
}
