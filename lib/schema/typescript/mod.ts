/**
 * From a TypeScript file to the schema of the service that it is.
 *
 * The types that a user writes anyway are the only description of a service, inferred ones included, so the type
 * checker itself has to be asked: a parser sees `return { id, name }`, only the checker knows what that is. A schema
 * language, decorators and run-time reflection were turned down because they say everything twice; emitting declaration
 * files and parsing those was turned down because it loses where a type was written, and errors have to point there.
 *
 * **The way of a file.** `read.ts` makes a program of the file and what it imports (`program.ts`), looks up what it
 * exports (`exports.ts`), and turns each signature (`signatures.ts`) and each type in it (`convert.ts`) into the schema
 * document. Nothing stops at the first problem: what cannot cross the wire is noted with its place (`problems.ts`) and
 * read on. What the checker forgets, because `type UserId = string` is just a string to it, is followed in the source
 * next to the types (`written.ts`); descriptions and constraints come from the comments (`jsdoc.ts`, `constraints.ts`).
 *
 * **The library is cut to size.** Parsing and binding declarations takes the cold compiler about 1 ms per KB, and the
 * usual lib.es2022 is 500 KB: more than 200 ms for a file of three lines. But a global that no source file names cannot
 * matter to its types, nor can a method that none names. So the declarations of TypeScript's library and of the web
 * platform are embedded in pieces (`library_chunks.ts`), and every program gets a library of those that it names
 * (`library.ts`): 12 KB for the file of three lines, which then takes 70 ms. Interfaces keep enough members to remain
 * different types. The tests read every fixture with the whole library as well and compare.
 *
 * **Bun and Node only when it matters.** Their declarations are a megabyte. A first reading takes what they declare as
 * `any`; `any` in a signature is an error, so if none is found there, none of them mattered. Otherwise, and when a type
 * might be made from `any` without being `any` (`hidden_any.ts`), a second reading has them. The binary carries them, so
 * `Bun.file(path).text()` is a string on a machine with nothing installed.
 *
 * **Nothing is read twice.** `cache.ts` keeps a reading with the hash of every file that was read, of the declarations
 * of other services, and with every path that was looked at in vain, so that a new file which an import would now mean
 * is noticed. Hashes rather than times: a checkout and a copy change the times of unchanged files, and an edit within
 * the clock's resolution changes no time. A hit loads no compiler and takes a millisecond.
 *
 * **What is in the binary is put there by macros.** `embed.ts` runs while Cell is built, so the declarations need no
 * generated file in the repository and no node_modules beside the binary.
 */
export { sdkDeclaration } from "./sdk_declaration.ts";
export type { MethodOrigin } from "./exports.ts";
export type { RemoteImports } from "./imports.ts";
export { loadCachedService, type LoadOptions, loadService, readService } from "./load.ts";
export { locate, type Problem, SchemaErrors } from "./problems.ts";
export type { ReadOptions, ReadResult } from "./read.ts";
export { loadRuntimeTypes } from "./runtime_types.ts";
