import { CellError } from "../base/mod.ts";
import { assertServiceName, isServiceName } from "./names.ts";

/** No node runs more instances of one service than this: the numbers of instances go up to it. */
export const INSTANCE_NUMBER_MAX = 9_999;
/** No service has more instances than this on one node: each is a process. */
export const INSTANCES_MAX = 1000;

/** What stands between a service's name and its instance's number; no name has it. */
const SEPARATOR = "@";
const NUMBER_PATTERN = /^[1-9][0-9]{0,3}$/;

/** Which instance of which service; without a number it is the only one, as `cell run` starts it. */
export interface InstanceId {
  readonly service: string;
  readonly number: number | undefined;
}

/** The text of an instance's id: "hello@2", or "hello" without a number. Throws INVALID_ARGUMENT for what is none. */
export function formatInstanceId({ service, number }: InstanceId): string {
  assertServiceName(service);
  if (number === undefined) return service;
  if (!Number.isInteger(number) || number < 1 || number > INSTANCE_NUMBER_MAX) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `naming an instance of ${service}: expected a whole number from 1 to ${INSTANCE_NUMBER_MAX}, found ${number}`,
    );
  }
  return `${service}${SEPARATOR}${number}`;
}

/** Reads what `formatInstanceId` wrote; undefined for anything else. */
export function parseInstanceId(text: string): InstanceId | undefined {
  const at = text.indexOf(SEPARATOR);
  const service = at === -1 ? text : text.slice(0, at);
  if (!isServiceName(service)) return undefined;
  if (at === -1) return { service, number: undefined };
  const number = text.slice(at + 1);
  return NUMBER_PATTERN.test(number) ? { service, number: Number(number) } : undefined;
}
