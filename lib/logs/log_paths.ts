import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { assertServiceName, formatInstanceId, logsDirectory, parseInstanceId } from "../service/mod.ts";

const SUFFIX = ".log";

/** The files of one log. */
export interface LogPaths {
  /** Is appended to. */
  readonly current: string;
  /** What was the current one before the last rotation. */
  readonly old: string;
}

/** Where the log of "hello@2" lies. Throws INVALID_ARGUMENT for what is no instance's id. */
export function logPaths(instance: string): LogPaths {
  assertInstanceId(instance);
  const current = join(logsDirectory(), `${instance}${SUFFIX}`);
  return { current, old: `${current}.1` };
}

/** Throws INVALID_ARGUMENT for what is no instance's id. */
export function assertInstanceId(instance: string): void {
  if (parseInstanceId(instance) === undefined) assertServiceName(instance);
}

/**
 * The instances of a service that have a log, by number, whether they run or not; of all services without one, only the
 * one with that number with one.
 */
export function loggedInstances(service?: string, number?: number): string[] {
  const ids = readdirSync(logsDirectory())
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => parseInstanceId(name.slice(0, -SUFFIX.length)))
    .filter((id) => id !== undefined && (service === undefined || id.service === service))
    .filter((id) => number === undefined || id!.number === number);
  return ids
    .map((id) => id!)
    .sort((a, b) => a.service < b.service ? -1 : a.service > b.service ? 1 : (a.number ?? 0) - (b.number ?? 0))
    .map(formatInstanceId);
}

/** The services that have logs, sorted. */
export function loggedServices(): string[] {
  return [...new Set(loggedInstances().map((instance) => parseInstanceId(instance)!.service))];
}

/** Removes what a service's instances have logged. One that still runs begins a new file. */
export function removeLogs(service: string): void {
  for (const instance of loggedInstances(service)) {
    const { current, old } = logPaths(instance);
    rmSync(old, { force: true });
    rmSync(current, { force: true });
  }
}
