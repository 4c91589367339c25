import { readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from "node:path";
import { CellError } from "../base/mod.ts";
import { serviceNameOf, sourceFile } from "../service/mod.ts";
import { CONFIG_FILE, readServiceConfig, type ServiceConfig } from "./service_config.ts";

/** Which file is built, as what. */
export interface SourceEntry {
  /** Absolute. */
  readonly file: string;
  readonly name: string;
  readonly config: ServiceConfig;
}

const SOURCE_EXTENSIONS: readonly string[] = [".ts", ".tsx", ".mts", ".js", ".mjs"];
const ENTRY_NAMES: readonly string[] = ["index", "main", "mod"];
/** An error lists no more files than these. */
const FILES_LISTED_MAX = 5;

/**
 * Finds what is to be built: a file with the `cell.toml` beside it, unless that names another file; or of a folder the
 * entry that its `cell.toml` names, else index, main or mod, else the file that is named like the folder, else the only
 * one. A folder's service is named like the folder. Throws INVALID_ARGUMENT when nothing is clear.
 */
export function sourceEntry(fileOrFolder: string, name: string | undefined): SourceEntry {
  const path = resolve(fileOrFolder);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const file = sourceFile(fileOrFolder);
    const config = configOf(file);
    return { file, name: name ?? config.name ?? serviceNameOf(file), config };
  }
  const config = readServiceConfig(path);
  const file = config.entry === undefined ? entryOf(path) : configuredEntry(path, config.entry);
  return { file, name: name ?? config.name ?? serviceNameOf(join(path, "index.ts")), config };
}

/**
 * The configuration beside a file (absolute path), unless it is that of another file in the same folder. Throws like
 * `readServiceConfig`.
 */
export function configOf(file: string): ServiceConfig {
  const folder = dirname(file);
  const config = readServiceConfig(folder);
  return config.entry === undefined || resolve(folder, config.entry) === file ? config : {};
}

function configuredEntry(folder: string, entry: string): string {
  const path = sourceFile(join(folder, entry));
  const inside = relative(realpathSync(folder), realpathSync(path));
  if (inside.startsWith("..") || isAbsolute(inside)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading ${join(folder, CONFIG_FILE)}: entry: expected a file in this folder, and ${entry} leads out of it`,
    );
  }
  return path;
}

function entryOf(folder: string): string {
  const sources = sourcesIn(folder);
  for (const name of [...ENTRY_NAMES, basename(folder)]) {
    const found = sources.find((source) => basename(source, extname(source)) === name);
    if (found !== undefined) return join(folder, found);
  }
  const [only, ...others] = sources;
  if (only !== undefined && others.length === 0) return join(folder, only);
  const found = sources.length === 0
    ? "no TypeScript file"
    : `${sources.slice(0, FILES_LISTED_MAX).join(", ")}${sources.length > FILES_LISTED_MAX ? ", ..." : ""}`;
  throw new CellError(
    "INVALID_ARGUMENT",
    `deploying the folder ${folder}: which file is the service? Expected index.ts, main.ts, mod.ts, ` +
      `${
        basename(folder)
      }.ts or a single file, found ${found}. Name the file, or write its name into ${CONFIG_FILE}: ` +
      '[cell] entry = "FILE"',
  );
}

function sourcesIn(folder: string): string[] {
  const isSource = (name: string) =>
    SOURCE_EXTENSIONS.includes(extname(name)) && !/\.(?:d|test|spec)\.[a-z]+$/.test(name);
  const names = readdirSync(folder, { withFileTypes: true });
  const order = (name: string) => SOURCE_EXTENSIONS.indexOf(extname(name));
  return names.filter((entry) => !entry.isDirectory() && isSource(entry.name)).map(({ name }) => name)
    .sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
}
