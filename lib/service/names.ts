import { basename, dirname, extname, resolve } from "node:path";
import { CellError } from "../base/mod.ts";
import { COMMAND_SERVICE } from "../net/mod.ts";

const NAME_LENGTH_MAX = 63;
const NAME_PATTERN = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/;
const RULE = `a service's name has 1 to ${NAME_LENGTH_MAX} lower-case letters, digits and hyphens, ` +
  "starts with a letter and does not end in a hyphen";

/** The node agent's service. Nobody else serves under this name. */
export const NUCLEUS = "nucleus";

/** Names that no service of a user may have, and why. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  [NUCLEUS, "the node agent has this name"],
  [COMMAND_SERVICE, "commands at a shell have this name"],
]);

/** Files that are named after their role in a folder: the service is named after the folder. */
const FOLDER_FILES: ReadonlySet<string> = new Set(["index", "main", "mod"]);

/**
 * The name of a file's service unless `--name` says otherwise: the file's name without its extension, with camelCase and
 * underscores as hyphens. Throws INVALID_ARGUMENT when that is no name for a service of a user.
 */
export function serviceNameOf(file: string): string {
  const path = resolve(file);
  const base = basename(path, extname(path));
  const source = FOLDER_FILES.has(base) ? basename(dirname(path)) : base;
  const name = kebabCase(source);
  if (isServiceName(name)) {
    assertUserServiceName(name);
    return name;
  }
  const suggestion = suggest(source);
  throw new CellError(
    "INVALID_ARGUMENT",
    `naming the service of ${file}: "${name}" is not valid: ${RULE}. ` +
      (suggestion === undefined ? "Choose one with --name." : `Try --name ${suggestion}`),
  );
}

/** Throws INVALID_ARGUMENT, with the rule and a valid suggestion, unless `name` may be a service's name. */
export function assertServiceName(name: string): void {
  if (isServiceName(name)) return;
  const suggestion = suggest(name);
  const shown = JSON.stringify(name.length > 2 * NAME_LENGTH_MAX ? `${name.slice(0, 2 * NAME_LENGTH_MAX)}...` : name);
  throw new CellError(
    "INVALID_ARGUMENT",
    `${shown} is not a valid name: ${RULE}.${suggestion === undefined ? "" : ` Try ${suggestion}`}`,
  );
}

/** Like `assertServiceName`, and refuses the names that the node itself needs: for what users run and deploy. */
export function assertUserServiceName(name: string): void {
  assertServiceName(name);
  const why = RESERVED.get(name);
  if (why === undefined) return;
  throw new CellError("INVALID_ARGUMENT", `serving ${name}: ${why}. Choose another one with --name.`);
}

/** Whether `name` follows the rule that `assertServiceName` enforces. */
export function isServiceName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && NAME_PATTERN.test(name);
}

function kebabCase(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** The valid name that is nearest to `text`; undefined when nothing of it can be kept. */
function suggest(text: string): string | undefined {
  const plain = text.slice(0, 4 * NAME_LENGTH_MAX).normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  const name = kebabCase(plain)
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, NAME_LENGTH_MAX)
    .replace(/-+$/, "");
  return isServiceName(name) ? name : undefined;
}
