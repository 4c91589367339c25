import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MIB } from "../../base/mod.ts";
import { readerVersion } from "./embed.ts" with { type: "macro" };
import type { Reading, ReadResult } from "./read.ts";

/** More readings than these are not kept: the oldest go. */
export const CACHE_ENTRIES_MAX = 512;
/** A larger reading is made anew every time. */
const ENTRY_BYTES_MAX = 16 * MIB;
/** More paths than these are not looked at again; they are by far most for imports from nested node_modules. */
const PRESENCE_MAX = 4096;

/** A reading and what it depends on, as it is stored. */
interface Entry {
  file: string;
  /** The hash of each file that was read. */
  texts: [path: string, hash: string][];
  presence: [path: string, isThere: boolean][];
  /** The hash of the declarations of each other service; null where there were none. */
  remotes: [service: string, hash: string | null][];
  result: ReadResult;
}

/** What a lookup needs besides the file. */
export interface CacheKey {
  cacheDirectory: string;
  name: string;
  remoteDeclarations: (service: string) => string | undefined;
}

/**
 * The stored reading of a file, if there is one by this very version of the reader and every file and declaration that
 * it was made from is still the same, byte for byte. A file that is damaged or not ours counts as none.
 */
export function findReading(
  file: string,
  { cacheDirectory, name, remoteDeclarations }: CacheKey,
): ReadResult | undefined {
  const entry = readEntry(entryPath(cacheDirectory, file));
  if (entry === undefined || entry.file !== file) return undefined;
  const isCurrent = entry.texts.every(([path, hash]) => hashOfFile(path) === hash) &&
    entry.presence.every(([path, isThere]) => exists(path) === isThere) &&
    entry.remotes.every(([service, hash]) => hashOrNull(remoteDeclarations(service)) === hash);
  if (!isCurrent) return undefined;
  // The name is not part of what was read.
  return { ...entry.result, schema: { ...entry.result.schema, name } };
}

/** Stores a reading. A cache that cannot be written costs time, nothing else, so failing to is no error. */
export function keepReading(file: string, cacheDirectory: string, { result, evidence, remotes }: Reading): void {
  const entry: Entry = {
    file,
    texts: [...evidence.texts].map(([path, text]) => [path, hashOf(text)]),
    presence: worthWatching(evidence.presence),
    remotes: [...remotes].map(([service, declarations]) => [service, hashOrNull(declarations)]),
    result,
  };
  const body = JSON.stringify(entry);
  if (body.length > ENTRY_BYTES_MAX) return;
  const path = entryPath(cacheDirectory, file);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, `${header(body)}\n${body}`, { mode: 0o600 });
    // Whoever reads finds the old entry or the new one, never a part of one.
    renameSync(temporary, path);
    prune(dirname(path));
  } catch {
    remove(temporary);
  }
}

function entryPath(cacheDirectory: string, file: string): string {
  return join(cacheDirectory, "schemas", `${hashOf(file)}.json`);
}

/** The first line of an entry: what wrote it, and the hash of the rest. */
function header(body: string): string {
  return `cell schema ${readerVersion()} ${hashOf(body)}`;
}

function readEntry(path: string): Entry | undefined {
  try {
    if (statSync(path).size > ENTRY_BYTES_MAX * 2) return undefined;
    const text = readFileSync(path, "utf8");
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    return text.slice(0, end) === header(body) ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Of the paths that were looked at those that say most: nothing inside a folder that was not there either.
 */
function worthWatching(presence: ReadonlyMap<string, boolean>): [string, boolean][] {
  return [...presence].filter(([path]) => presence.get(dirname(path)) !== false).slice(0, PRESENCE_MAX);
}

/** Removes the oldest entries when there are too many. */
function prune(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= CACHE_ENTRIES_MAX) return;
  const byAge = names
    .map((name) => ({ path: join(folder, name), writtenMs: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => a.writtenMs - b.writtenMs);
  for (const { path } of byAge.slice(0, names.length - CACHE_ENTRIES_MAX)) remove(path);
}

/** Removes a file if it is there and may be removed. */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process was faster, or the cache may only be read.
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function hashOfFile(path: string): string | undefined {
  try {
    return hashOf(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function hashOrNull(text: string | undefined): string | null {
  return text === undefined ? null : hashOf(text);
}

function hashOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 32);
}
