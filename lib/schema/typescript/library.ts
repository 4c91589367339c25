import { embeddedLibrary } from "./embed.ts" with { type: "macro" };
import type { LibraryChunk } from "./library_chunks.ts";
import { unpacked } from "./packed.ts";

/** Which declarations of globals a reading needs. */
export interface LibraryNeed {
  /** Every identifier of the source files: a global that none of them names can be left out. */
  identifiers: Iterable<string>;
  /** Every word of the source files: a method that none of them names can be left out. */
  words: ReadonlySet<string>;
  /** Whether the types of Bun and Node are loaded as well, which bring the web's with them. */
  withRuntimeTypes: boolean;
}

/** The declarations of the globals that TypeScript, the web platform and the runtime provide. */
export interface Library {
  /** The text of one declaration file with what is needed. */
  declarations(need: LibraryNeed): string;
  /** Whether a name belongs to a browser's page: it exists in an editor, not in a service. */
  isPageOnly(name: string): boolean;
  /** Whether a global is only sketched here, while the types of Bun and Node say more. */
  isOfRuntime(name: string): boolean;
}

/**
 * What the checker itself asks for by name, or what syntax stands for: array literals, `async`, `for ... of`, `yield`,
 * template strings, spreading.
 */
const NEEDED_BY_SYNTAX = [
  "Array ReadonlyArray ConcatArray Boolean CallableFunction NewableFunction Function IArguments Number Object RegExp",
  "String Symbol BigInt Promise PromiseLike Awaited TemplateStringsArray ThisType ImportMeta NonNullable PropertyKey",
  "Iterator Iterable IterableIterator IteratorObject IteratorResult IteratorYieldResult IteratorReturnResult Generator",
  "AsyncIterator AsyncIterable AsyncIterableIterator AsyncIteratorObject AsyncGenerator BuiltinIteratorReturn",
  "Disposable AsyncDisposable Error",
].join(" ").split(" ");

interface Embedded {
  standard: LibraryChunk[];
  web: LibraryChunk[];
  runtime: LibraryChunk[];
  pageOnly: string[];
}

/** Unpacks the embedded library. */
export async function loadLibrary(): Promise<Library> {
  const { standard, web, runtime, pageOnly } = unpacked(await embeddedLibrary()) as Embedded;
  const page = new Set(pageOnly);
  const sketched = new Set(runtime.map(({ name }) => name.replace(/^typeof /, "")));
  return {
    declarations: (need) => select(need.withRuntimeTypes ? standard : [...standard, ...web, ...runtime], need),
    isPageOnly: (name) => page.has(name),
    isOfRuntime: (name) => sketched.has(name),
  };
}

/** The chunks that are named, and those that they refer to in turn. */
function select(chunks: LibraryChunk[], need: LibraryNeed): string {
  const byName = new Map<string, LibraryChunk[]>();
  for (const chunk of chunks) {
    const others = byName.get(chunk.name);
    if (others === undefined) byName.set(chunk.name, [chunk]);
    else others.push(chunk);
  }
  const texts: string[] = [];
  const done = new Set<LibraryChunk>();
  const queue = new Set(
    [...NEEDED_BY_SYNTAX, ...[...need.identifiers].flatMap(both)].filter((name) => byName.has(name)),
  );
  for (const name of queue) {
    for (const chunk of byName.get(name)!) {
      if (done.has(chunk)) continue;
      done.add(chunk);
      const members = chunk.members?.filter((member) => member.name === undefined || need.words.has(member.name));
      texts.push(
        members === undefined ? chunk.text : `${chunk.text}\n${members.map(({ text }) => text).join("\n")}\n}`,
      );
      for (const reference of [chunk, ...(members ?? [])].flatMap((part) => part.references)) {
        if (byName.has(reference)) queue.add(reference);
      }
    }
  }
  return texts.join("\n");
}

/** An identifier may stand for the type and for the value of that name. */
function both(identifier: string): string[] {
  return [identifier, `typeof ${identifier}`];
}
