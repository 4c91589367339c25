import { CellError } from "../base/mod.ts";
import { lastLines } from "../logs/mod.ts";
import { formatInstanceId } from "../service/mod.ts";
import type { InstanceView } from "./core/mod.ts";

/** So much of a log says what went wrong; the rest is for `cell logs`. */
const LINES_MAX = 10;

/** The error for those who wait for what has failed: why, and what the instances said last that it is about. */
export async function failureError(
  service: string,
  reason: string,
  instances: readonly InstanceView[],
): Promise<CellError> {
  const ids = instances.filter(({ id }) => id.service === service).map(({ id }) => formatInstanceId(id));
  const named = ids.find((id) => reason.includes(id)) ?? /\S+@\d+/.exec(reason)?.[0] ?? ids[0] ?? `${service}@1`;
  const lines = await lastLines(named, LINES_MAX);
  const log = lines.length === 0 ? "" : `\nThe last lines of ${named}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return new CellError("ABORTED", `${service}: ${reason}${log}`, { data: { instance: named, lines } });
}
