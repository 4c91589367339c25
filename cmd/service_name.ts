import { CellError } from "../lib/base/mod.ts";
import { assertServiceName, NUCLEUS, parseInstanceId } from "../lib/service/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Gives a service's name back; throws UsageError, with the rule, when it cannot be one. */
export function parseServiceName(name: string): string {
  try {
    assertServiceName(name);
    return name;
  } catch (error) {
    throw error instanceof CellError ? new UsageError(instanceAdvice(name) ?? error.message) : error;
  }
}

/** Like `parseServiceName`, for what is done to deployed services and cannot be done to the agent. */
export function parseDeployedName(name: string): string {
  if (name !== NUCLEUS) return parseServiceName(name);
  throw new UsageError(
    `${NUCLEUS} is the agent, no deployed service: \`cell down\` ends it, \`cell restart ${NUCLEUS}\` executes it anew`,
  );
}

/** What to write for one instance, as `cell ps` lists them; undefined when `name` is none. */
function instanceAdvice(name: string): string | undefined {
  const id = parseInstanceId(name);
  if (id === undefined) return undefined;
  return `"${name}" is an instance: write the service, ${id.service}. Only \`cell logs ${id.service} --instance ${id.number}\` is about one`;
}
