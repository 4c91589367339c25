import { resolve } from "node:path";
import { CellError } from "../../base/mod.ts";
import type ts from "typescript";
import { finishSchema } from "../fingerprint.ts";
import { parseSchema } from "../parse.ts";
import type { Method, Schema } from "../schema.ts";
import { reportSyntaxErrors, reportUnresolvedImports } from "./broken_files.ts";
import { loadCompiler } from "./compiler.ts";
import { ProblemList, type ReadContext } from "./context.ts";
import { DefinitionTable } from "./definitions.ts";
import { findMethods, type MethodOrigin } from "./exports.ts";
import { type Evidence, WatchedFileSystem } from "./file_system.ts";
import { type RemoteImports, remoteImports } from "./imports.ts";
import { docField, docOf, fileDoc } from "./jsdoc.ts";
import { loadLibrary } from "./library.ts";
import { SchemaErrors } from "./problems.ts";
import { createProgram, type ProgramParts, type SourceProgram } from "./program.ts";
import { loadRuntimeTypes } from "./runtime_types.ts";
import { includedDeclarations, readSettings } from "./settings.ts";
import { readMethod } from "./signatures.ts";
import { UnionChecks } from "./union_checks.ts";
import { isVirtual, RUNTIME_TYPES_FOLDER } from "./virtual_files.ts";

/** How a service is read. */
export interface ReadOptions {
  /** The service's name. */
  name: string;
  /**
   * The text of `declare module "cell:NAME" { ... }` for another service, as far as it is known. Without it everything
   * that is imported from there is `any`.
   */
  remoteDeclarations: (service: string) => string | undefined;
}

/** What a file says about the service that it is. */
export interface ReadResult {
  /** Without methods if the file exports nothing callable. */
  schema: Schema;
  /** The files of the user that are involved, absolute: the entry, what it imports, its tsconfig.json. */
  files: string[];
  remoteImports: RemoteImports;
  /** Whether the default export is a class, of which the service is an instance. */
  defaultClass: boolean;
  /** Where the runtime finds the function of each method. */
  origins: { [method: string]: MethodOrigin };
}

/** What several readings in one process may share. */
export type Reusable = Partial<Pick<ProgramParts, "library" | "parsed">>;

/** A result and everything that it was made from. */
export interface Reading {
  result: ReadResult;
  evidence: Evidence;
  /** The declarations of every other service that is imported. */
  remotes: ReadonlyMap<string, string | undefined>;
}

/**
 * Reads a file in two attempts at most. The first knows only the globals that the source names, and nothing of the
 * modules of Bun and Node, which are `any` then; nearly every service is read that way. If it finds a problem that more
 * types may solve, the second attempt loads them. Throws SchemaErrors with every problem of the last attempt.
 */
export async function read(file: string, options: ReadOptions, reuse: Reusable = {}): Promise<Reading> {
  const entry = resolve(file);
  const files = new WatchedFileSystem();
  if (files.readFile(entry) === undefined) {
    throw new CellError("NOT_FOUND", `cannot read ${file}: there is no such file`);
  }
  const [compiler, library] = await Promise.all([loadCompiler(), reuse.library ?? loadLibrary()]);
  const settings = readSettings(compiler, entry, files);
  const parts: ProgramParts = {
    compiler,
    entry,
    files,
    settings,
    library,
    extraRoots: [],
    runtimeTypes: undefined,
    remoteDeclarations: options.remoteDeclarations,
    parsed: reuse.parsed ?? new Map(),
  };
  let program = createProgram(parts);
  let attempt = readProgram(program, parts, options.name);
  if (attempt.problems.hasUnknownModule || attempt.problems.hasUnknownType || program.hidesAny) {
    const more = await moreDeclarations(program, parts, attempt.problems);
    if (more !== undefined) {
      program = createProgram({ ...parts, ...more });
      attempt = readProgram(program, parts, options.name);
    }
  }
  if (attempt.problems.size > 0) throw new SchemaErrors(attempt.problems.sorted());
  return {
    result: {
      ...attempt.finish(),
      files: filesOf(program, settings.configFile),
    },
    evidence: files,
    remotes: program.remotes,
  };
}

const RUNTIME_ROOT = `${RUNTIME_TYPES_FOLDER}/bun-types/index.d.ts`;

/** What a second attempt has that the first had not; undefined if there is nothing. */
async function moreDeclarations(
  { usesRuntime, hidesAny }: SourceProgram,
  { compiler, files, settings: { configFile } }: ProgramParts,
  { hasUnknownType }: ProblemList,
): Promise<Pick<ProgramParts, "runtimeTypes" | "extraRoots"> | undefined> {
  const included = configFile === undefined ? [] : includedDeclarations(compiler, configFile, files);
  const needsRuntime = usesRuntime && hasUnknownType || hidesAny;
  if (included.length === 0 && !needsRuntime) return undefined;
  if (!needsRuntime) return { runtimeTypes: undefined, extraRoots: included };
  return { runtimeTypes: await loadRuntimeTypes(), extraRoots: [...included, RUNTIME_ROOT] };
}

function filesOf({ program }: SourceProgram, configFile: string | undefined): string[] {
  const files = program.getSourceFiles().map((file) => file.fileName)
    .filter((path) => !isVirtual(path) && !path.includes("/node_modules/"));
  return [...files, ...(configFile === undefined ? [] : [configFile])].sort();
}

interface Attempt {
  problems: ProblemList;
  /** Only for an attempt without problems. */
  finish(): Omit<ReadResult, "files">;
}

function readProgram(source: SourceProgram, { compiler, library }: ProgramParts, name: string): Attempt {
  const context: ReadContext = {
    compiler,
    checker: source.program.getTypeChecker(),
    source,
    definitions: new DefinitionTable(),
    unionChecks: new UnionChecks(),
    problems: new ProblemList(),
    isPageOnly: (type) => library.isPageOnly(type),
  };
  const { problems, definitions } = context;
  reportSyntaxErrors(context);
  reportUnresolvedImports(context);
  if (problems.size > 0) return { problems, finish: unfinished };
  const { methods: sources, defaultClass } = findMethods(context);
  const methods: { [name: string]: Omit<Method, "gene"> } = {};
  for (const method of sources) {
    const read = readMethod(context, method);
    if (read !== undefined) methods[method.name] = read;
  }
  definitions.finish();
  context.unionChecks.run(definitions.types, problems);
  const finish = (): Omit<ReadResult, "files"> => ({
    // What clients would refuse to read is refused here already.
    schema: parseSchema(
      finishSchema({ name, ...serviceDoc(context, defaultClass), methods, types: definitions.types }),
    ),
    remoteImports: remoteImports(context),
    defaultClass: defaultClass !== undefined,
    origins: Object.fromEntries(sources.map((method) => [method.name, method.origin])),
  });
  return { problems, finish };
}

function unfinished(): never {
  throw new CellError("INTERNAL", "a file with syntax errors has no schema");
}

function serviceDoc({ compiler, source }: ReadContext, defaultClass: ts.Node | undefined): { doc?: string } {
  return docField((defaultClass && docOf(compiler, defaultClass)) ?? fileDoc(compiler, source.entry));
}
