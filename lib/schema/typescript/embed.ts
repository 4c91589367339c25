/**
 * Runs while Cell is built, never in a built Cell: every function here is imported `with { type: "macro" }`, so the
 * bundler calls it and puts what it returns in its place. That is how the declaration files get into the executable
 * without a generated file in the repository.
 */
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LibraryChunk, libraryChunks, withoutComments } from "./library_chunks.ts";
import { RUNTIME_DECLARATIONS } from "./runtime_declarations.ts";

const root = join(import.meta.dir, "../../..");
const typescriptLibrary = join(root, "node_modules/typescript/lib");

/** JSON of `{ standard, runtime, dom }`, see `library.ts`, packed. */
export async function embeddedLibrary(): Promise<string> {
  const compiler = (await import("typescript")).default;
  const worker = readFileSync(join(typescriptLibrary, "lib.webworker.d.ts"), "utf8");
  const dom = readFileSync(join(typescriptLibrary, "lib.dom.d.ts"), "utf8");
  const inWorker = new Set(globalNames(worker));
  return packed({
    standard: libraryChunks(compiler, standardLibrary("esnext")),
    web: providedByRuntime(libraryChunks(compiler, [worker])),
    runtime: libraryChunks(compiler, [RUNTIME_DECLARATIONS]),
    pageOnly: [...new Set(globalNames(dom))].filter((name) => !inWorker.has(name) && /^[A-Z]/.test(name)),
  });
}

/** JSON of `{ [path]: text }` with the types of Bun and Node, packed. */
export function embeddedRuntimeTypes(): string {
  const files: { [path: string]: string } = {};
  for (const folder of ["@types/node", "bun-types", "undici-types"]) {
    const packageRoot = join(root, "node_modules", folder);
    // The ts5.x folders hold variants for other versions of the compiler.
    for (const name of [...new Glob("**/*.d.ts").scanSync(packageRoot)].sort()) {
      if (/^ts\d|vendor\/ts\d/.test(name)) continue;
      files[`${folder}/${name}`] = withoutComments(readFileSync(join(packageRoot, name), "utf8"));
    }
  }
  return packed(files);
}

/** What `import ... from "cell"` means to the type checker. */
export function sdkDeclarations(): string {
  return readFileSync(join(root, "sdk/cell.d.ts"), "utf8");
}

/** Changes with everything that a cached result depends on besides the user's files. */
export function readerVersion(): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const sources = [...new Glob("lib/schema/**/*.ts").scanSync(root)].filter((path) => !path.endsWith(".test.ts"));
  for (const path of [...sources.sort(), "sdk/cell.d.ts", "package-lock.json"]) {
    hasher.update(`${path}\0`).update(readFileSync(join(root, path)));
  }
  return hasher.digest("hex").slice(0, 16);
}

/** A library file of the compiler and those that it refers to, in the order in which they build on each other. */
function standardLibrary(name: string, seen = new Set<string>()): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  const text = readFileSync(join(typescriptLibrary, `lib.${name}.d.ts`), "utf8");
  const inner = [...text.matchAll(/^\/\/\/ <reference lib="([^"]+)"/gm)].flatMap(([, other = ""]) =>
    standardLibrary(other, seen)
  );
  return [...inner, text];
}

/**
 * Without what only browsers have: the bundler is the runtime that services run in, so it knows which globals there
 * are. Left out as well are globals whose names are everyday words, as in `{ name, close }`, and hardly ever meant, and
 * timers, which are numbers in browsers only.
 */
function providedByRuntime(chunks: LibraryChunk[]): LibraryChunk[] {
  const everyday = /^(on\w+|name|close|self|location|origin|\w+EventListener|dispatchEvent|postMessage)$/;
  const timer = /^set(Timeout|Interval)$/;
  const isProvided = (value: string): boolean => value in globalThis && !everyday.test(value) && !timer.test(value);
  const values = new Set(
    chunks.flatMap(({ name }) => name.startsWith("typeof ") ? [name.slice("typeof ".length)] : []),
  );
  return chunks.filter(({ name }) => {
    const value = name.replace(/^typeof /, "");
    return !values.has(value) || isProvided(value);
  });
}

function globalNames(declarations: string): string[] {
  return [...declarations.matchAll(/^(?:declare )?(?:interface|type|var|function|namespace) (\w+)/gm)]
    .map(([, name = ""]) => name);
}

function packed(value: unknown): string {
  return Buffer.from(Bun.zstdCompressSync(JSON.stringify(value), { level: 12 })).toString("base64");
}
