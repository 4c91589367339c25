import { existsSync, readFileSync, statSync } from "node:fs";
import { CellError, SECOND } from "../base/mod.ts";
import { parseSchema, type Schema } from "../schema/mod.ts";
import { connectService, readSchema } from "../service/mod.ts";

/** A service that runs answers within this time. */
const CONNECT_TIMEOUT_MS = 5 * SECOND;

/** A schema and where it came from. */
export interface SchemaSource {
  kind: "file" | "document" | "service";
  schema: Schema;
}

/**
 * The schema of what a user names: a schema document (`*.json`), a TypeScript file, or a running service. What looks like
 * a path or exists as a file is a file; everything else is a service.
 */
export async function schemaOf(reference: string): Promise<SchemaSource> {
  if (reference.endsWith(".json")) return { kind: "document", schema: readDocument(reference) };
  if (isPath(reference)) return { kind: "file", schema: await readSchema(reference) };
  const service = await connectService(reference, { timeoutMs: CONNECT_TIMEOUT_MS });
  try {
    return { kind: "service", schema: await service.schema() };
  } finally {
    await service.close();
  }
}

function isPath(reference: string): boolean {
  if (reference.includes("/") || /\.[cm]?[jt]sx?$/.test(reference)) return true;
  return existsSync(reference) && statSync(reference).isFile();
}

function readDocument(path: string): Schema {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CellError("INVALID_ARGUMENT", `reading the schema ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new CellError("INVALID_ARGUMENT", `reading the schema ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return parseSchema(document);
}
