import { CellError } from "../base/mod.ts";
import { TRANSPORT_VARIABLE } from "../service/mod.ts";
import { parseEnvFile } from "./env_file.ts";
import { ENVIRONMENT_BYTES_MAX, VARIABLES_MAX } from "./limits.ts";

const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const NAME_RULE = "letters, digits, underscores, dots and hyphens, and no digit first";
/** Names that the agent gives a meaning. */
const OWN_PREFIX = "CELL_";
/** Those of them that are everybody's to set. */
const OPEN_NAMES: ReadonlySet<string> = new Set([TRANSPORT_VARIABLE]);
/** Makes the binary another program than cell. */
const RUNTIME_SWITCH = "BUN_BE_BUN";
/** The equals sign, and the zero that ends it. */
const SEPARATORS_BYTES = 2;
/** More characters of a name help nobody. */
const SHOWN_LENGTH_MAX = 80;

/**
 * The variables of `--env NAME=VALUE` arguments and of the text of an `--env-file`; an argument wins over the file, a
 * later one over an earlier one. Values are taken as they are, newlines included. Throws INVALID_ARGUMENT, which says
 * which argument or line is wrong and how to write it.
 */
export function parseEnvironment(
  assignments: readonly string[],
  envFileText?: string,
  envFileName = "--env-file",
): Record<string, string> {
  const variables = new Map<string, string>(
    envFileText === undefined ? [] : parseEnvFile(envFileText, envFileName, (name) => nameProblem(name)),
  );
  for (const assignment of assignments) {
    const [name, value] = parseAssignment(assignment);
    variables.set(name, value);
  }
  const env = Object.fromEntries(variables);
  checkEnvironment(env, "the environment");
  return env;
}

/** Throws INVALID_ARGUMENT unless a program can be started with these variables. `what` begins the message. */
export function checkEnvironment(env: { readonly [name: string]: string }, what: string): void {
  const entries = Object.entries(env);
  if (entries.length > VARIABLES_MAX) {
    throw invalid(`${what}: expected at most ${VARIABLES_MAX} variables, found ${entries.length}`);
  }
  let bytes = 0;
  for (const [name, value] of entries) {
    const problem = nameProblem(name);
    if (problem !== undefined) throw invalid(`${what}: ${problem}`);
    if (value.includes("\0")) throw invalid(`${what}: ${name}: a value cannot hold a NUL character`);
    const size = Buffer.byteLength(name) + Buffer.byteLength(value) + SEPARATORS_BYTES;
    if (size > ENVIRONMENT_BYTES_MAX) {
      throw invalid(
        `${what}: ${name}: name and value have ${size} bytes, and a program can be given ${ENVIRONMENT_BYTES_MAX} at most. ` +
          "Put the value into a file and give its path.",
      );
    }
    bytes += size;
  }
  if (bytes > ENVIRONMENT_BYTES_MAX) {
    throw invalid(`${what}: all variables together have ${bytes} bytes, expected at most ${ENVIRONMENT_BYTES_MAX}`);
  }
}

function parseAssignment(assignment: string): [name: string, value: string] {
  const end = assignment.indexOf("=");
  if (end === -1) {
    const name = show(assignment);
    const example = NAME_PATTERN.test(assignment) ? `--env ${assignment}="$${assignment}"` : "--env NAME=VALUE";
    throw invalid(`--env ${name}: expected NAME=VALUE, found no "=". Write ${example}`);
  }
  const name = assignment.slice(0, end);
  const problem = nameProblem(name);
  if (problem !== undefined) throw invalid(`--env: ${problem}`);
  return [name, assignment.slice(end + 1)];
}

/** What is wrong with a variable's name; undefined when nothing is. */
function nameProblem(name: string): string | undefined {
  if (name === "") return "a variable without a name: expected NAME=VALUE";
  if (!NAME_PATTERN.test(name)) return `${show(name)} is no name of a variable: expected ${NAME_RULE}`;
  if (name.startsWith(OWN_PREFIX) && !OPEN_NAMES.has(name)) {
    return `${show(name)}: names that begin with ${OWN_PREFIX} belong to cell itself`;
  }
  if (name === RUNTIME_SWITCH) return `${name} would keep the service from starting: it makes cell another program`;
  return undefined;
}

function show(text: string): string {
  return JSON.stringify(text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text);
}

function invalid(message: string): CellError {
  return new CellError("INVALID_ARGUMENT", message);
}
