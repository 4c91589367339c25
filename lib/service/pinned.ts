import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CellError, errorCode, toCellError } from "../base/mod.ts";
import { parseSchema, type Schema } from "../schema/mod.ts";

/** Where a project keeps the schemas of the services that it calls, below its root. */
const TYPES_FOLDER = join(".cell", "types");

/** The file of a service's recorded schema in the project whose root is `root`. */
export function pinnedSchemaFile(root: string, service: string): string {
  return join(root, TYPES_FOLDER, `${service}.schema.json`);
}

/**
 * The schema of `service` that the project around `folder` was last checked against: the nearest one on the way up.
 * Undefined when none was recorded. Throws INVALID_ARGUMENT, which names the file, when it is not a schema.
 */
export function findPinnedSchema(folder: string, service: string): Schema | undefined {
  for (let root = folder;; root = dirname(root)) {
    const schema = readSchema(pinnedSchemaFile(root, service));
    if (schema !== undefined) return schema;
    if (root === dirname(root)) return undefined;
  }
}

function readSchema(file: string): Schema | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return undefined;
    throw error;
  }
  try {
    return parseSchema(JSON.parse(text));
  } catch (error) {
    const message = `reading the recorded schema ${file}: ${toCellError(error).message}. ` +
      "Remove the file or record it again with cell check.";
    throw new CellError("INVALID_ARGUMENT", message, { cause: error });
  }
}
