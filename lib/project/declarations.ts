import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { declareModule, parseSchema, type Schema } from "../schema/mod.ts";
import { loadRuntimeTypes, sdkDeclaration } from "../schema/typescript/mod.ts";
import { typesFolder } from "./folder.ts";
import { readIfThere, writeIfChanged } from "./write.ts";

/** Written when everything else of the runtime's types is there; its text changes with the runtime. */
const COMPLETE_MARK = ".complete";
/** Packages that declare the runtime's globals, where somebody has installed them. */
const INSTALLED_RUNTIME_TYPES = ["@types/bun", "bun-types"];

/** Writes the declaration of "cell" into a project; returns its path. */
export function writeSdkDeclaration(project: string): string {
  const path = join(typesFolder(project), "cell.d.ts");
  writeIfChanged(path, sdkDeclaration());
  return path;
}

/** Writes what a service of this schema declares; returns the declaration's path. */
export function writeServiceDeclaration(project: string, name: string, schema: Schema): string {
  const named = { ...schema, name };
  const path = join(typesFolder(project), `${name}.d.ts`);
  writeIfChanged(path, declareModule(named));
  writeIfChanged(join(typesFolder(project), `${name}.schema.json`), JSON.stringify(named, null, 2) + "\n");
  return path;
}

/** The schema of a service as somebody last saw it from this project; undefined when nobody has. */
export function readServiceSchema(project: string, name: string): Schema | undefined {
  const text = readIfThere(join(typesFolder(project), `${name}.schema.json`));
  return text === undefined ? undefined : parseSchema(JSON.parse(text));
}

/** Writes the types of the runtime (console, Bun, node:*) below `folder`, unless they are there. */
export async function writeRuntimeTypes(folder: string): Promise<void> {
  const mark = `bun ${Bun.version}\n`;
  if (readIfThere(join(folder, COMPLETE_MARK)) === mark) return;
  for (const [path, text] of await loadRuntimeTypes()) writeIfChanged(join(folder, path), text);
  // The name under which everybody installs them, so that doing so later changes no configuration.
  writeIfChanged(join(folder, "@types/bun/index.d.ts"), '/// <reference types="bun-types" />\n');
  writeIfChanged(join(folder, COMPLETE_MARK), mark);
}

/** Whether the project, or a folder above it, has types of the runtime installed. */
export function hasInstalledRuntimeTypes(project: string): boolean {
  for (let folder = project;; folder = dirname(folder)) {
    if (INSTALLED_RUNTIME_TYPES.some((name) => existsSync(join(folder, "node_modules", name)))) return true;
    if (folder === dirname(folder)) return false;
  }
}
