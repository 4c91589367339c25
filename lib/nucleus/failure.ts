import { CellError, type Code } from "../base/mod.ts";
import { lastLines } from "../logs/mod.ts";
import { formatInstanceId } from "../service/mod.ts";
import type { InstanceView } from "./core/mod.ts";

/** So much of a log says what went wrong; the rest is for `cell logs`. */
const LINES_MAX = 10;

/** How the core ends its line about a process that failed and is to have a successor. */
const STARTED_AGAIN = "; it is started again in ";

/** The error for those who wait for what has failed: why, and what the instance said last that it is about. */
export function failureError(
  code: Code,
  service: string,
  reason: string,
  instances: readonly InstanceView[],
): CellError {
  const instance = instanceOf(service, reason, instances);
  const lines = instance === undefined ? [] : linesOf(instance);
  const log = lines.length === 0
    ? ""
    : `\nThe last lines of ${instance}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return new CellError(code, `${service}: ${reason}${log}`, { data: { service, lines } });
}

/** None where the log cannot be read: the reason is worth more than that. */
function linesOf(instance: string): string[] {
  try {
    return sinceLastAttempt(lastLines(instance, LINES_MAX));
  } catch {
    return [];
  }
}

/** What the last process said: those before it have said the same. */
export function sinceLastAttempt(lines: readonly string[]): string[] {
  const before = lines.slice(0, -1).findLastIndex((line) => line.includes(STARTED_AGAIN));
  return lines.slice(before + 1);
}

/** The one that the reason names, else one that has a reason of its own: the log of any other says something else. */
function instanceOf(service: string, reason: string, instances: readonly InstanceView[]): string | undefined {
  const [named] = reason.match(/[a-z][a-z0-9-]*@\d+/) ?? [];
  if (named?.startsWith(`${service}@`)) return named;
  const own = instances.filter(({ id }) => id.service === service);
  const found = own.find((view) => view.reason !== undefined);
  return found === undefined ? undefined : formatInstanceId(found.id);
}
