import { expect } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type ts from "typescript";
import { embeddedLibrary } from "../embed.ts" with { type: "macro" };
import { type Library, loadLibrary } from "../library.ts";
import type { LibraryChunk } from "../library_chunks.ts";
import { unpacked } from "../packed.ts";
import { type Problem, SchemaErrors } from "../problems.ts";
import { LIBRARY_FILE } from "../virtual_files.ts";
import { read, type ReadOptions, type ReadResult } from "../read.ts";

/** Files by path; the service is `service.ts`. */
export type Files = { [path: string]: string };

const folders: string[] = [];

/** Removes every folder that was made; for `afterAll` of each file that uses this one. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A new folder with these files, until `removeFolders`. */
export function folderWith(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), "cell-reader-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Reads a service from its source, or from several files. */
export async function readSource(source: string | Files, options: Partial<ReadOptions> = {}): Promise<ReadResult> {
  const folder = folderWith(typeof source === "string" ? { "service.ts": source } : source);
  return await readTwice(join(folder, "service.ts"), options);
}

/** Reads a service with the part of the library that it needs, and with all of it: the results must be the same. */
export async function readTwice(file: string, options: Partial<ReadOptions> = {}): Promise<ReadResult> {
  const given: ReadOptions = { name: "service", remoteDeclarations: () => undefined, ...options };
  const { result } = await read(file, given, { library: await library });
  const { result: whole } = await read(file, given, { library: await wholeLibrary, parsed: parsedLibrary });
  for (const path of parsedLibrary.keys()) if (path !== LIBRARY_FILE) parsedLibrary.delete(path);
  expect(result).toEqual(whole);
  return result;
}

/** What is wrong with a service. The paths of the files are relative to its folder. */
export async function problemsOf(source: string | Files, options: Partial<ReadOptions> = {}): Promise<Problem[]> {
  const folder = folderWith(typeof source === "string" ? { "service.ts": source } : source);
  try {
    await read(join(folder, "service.ts"), { name: "service", remoteDeclarations: () => undefined, ...options }, {
      library: await library,
    });
  } catch (error) {
    if (!(error instanceof SchemaErrors)) throw error;
    return error.problems.map((problem) => ({ ...problem, file: problem.file.slice(folder.length + 1) }));
  }
  throw new Error(`expected problems, found none in ${JSON.stringify(source)}`);
}

const library = loadLibrary();
const wholeLibrary = loadWholeLibrary();
/** The whole library is parsed once. */
const parsedLibrary = new Map<string, ts.SourceFile>();

async function loadWholeLibrary(): Promise<Library> {
  const { standard, web, runtime } = unpacked(await embeddedLibrary()) as { [group: string]: LibraryChunk[] };
  const text = (chunks: LibraryChunk[]): string =>
    chunks.map((chunk) =>
      chunk.members === undefined
        ? chunk.text
        : `${chunk.text}\n${chunk.members.map((member) => member.text).join("\n")}\n}`
    ).join("\n");
  const withRuntimeTypes = text(standard!);
  const alone = text([...standard!, ...web!, ...runtime!]);
  return { ...await library, declarations: (need) => need.withRuntimeTypes ? withRuntimeTypes : alone };
}
