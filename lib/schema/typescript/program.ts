import { dirname } from "node:path";
import type ts from "typescript";
import type { WatchedFileSystem } from "./file_system.ts";
import type { Library } from "./library.ts";
import { Mentioned } from "./mentioned.ts";
import { turnsAnyIntoMore } from "./hidden_any.ts";
import { ModuleResolution, type UnresolvedImport } from "./module_resolution.ts";
import { sdkDeclaration } from "./sdk_declaration.ts";
import type { Settings } from "./settings.ts";
import {
  isVirtual,
  LIBRARY_FILE,
  placeholderText,
  RUNTIME_TYPES_FOLDER,
  SDK_FILE,
  serviceOfRemoteFile,
} from "./virtual_files.ts";

/** What a program is made of. */
export interface ProgramParts {
  compiler: typeof ts;
  entry: string;
  files: WatchedFileSystem;
  settings: Settings;
  library: Library;
  /** Declaration files that no import leads to. */
  extraRoots: string[];
  /** The types of Bun and Node by path; without them their modules and rarer globals are `any`. */
  runtimeTypes: ReadonlyMap<string, string> | undefined;
  /** The declarations of another service, for `import ... from "cell:NAME"`. */
  remoteDeclarations: (service: string) => string | undefined;
  /** Files that an earlier program parsed already. */
  parsed: Map<string, ts.SourceFile>;
}

/** A service's source files with everything that they import, ready for questions about types. */
export interface SourceProgram {
  program: ts.Program;
  entry: ts.SourceFile;
  /** The files that a user of Cell writes: neither declarations nor in node_modules. */
  ownFiles: ReadonlySet<ts.SourceFile>;
  unresolved: UnresolvedImport[];
  /** Every service that is imported, with its declarations as far as they are known. */
  remotes: Map<string, string | undefined>;
  /** Whether the source names something that only the types of Bun and Node describe. */
  usesRuntime: boolean;
  /** Whether it could then have a type that is wrong without being `any`. */
  hidesAny: boolean;
}

/**
 * Makes a program. The library is its last file, so that by the time its text is made every other file has been parsed
 * and it is known which globals and methods they name.
 */
export function createProgram(parts: ProgramParts): SourceProgram {
  const { compiler, entry, files, settings, runtimeTypes } = parts;
  const mentioned = new Mentioned();
  const remotes = new Map<string, string | undefined>();
  const readFile = (path: string): string | undefined =>
    isVirtual(path) ? runtimeTypeText(parts, path) : files.readFile(path);
  const moduleHost: ts.ModuleResolutionHost = {
    fileExists: (path) => isVirtual(path) ? readFile(path) !== undefined : files.fileExists(path),
    readFile,
    directoryExists: (path) => isVirtual(path) || files.directoryExists(path),
    realpath: (path) => isVirtual(path) ? path : files.realpath(path),
    useCaseSensitiveFileNames: true,
    getCurrentDirectory: () => dirname(entry),
  };
  const resolution = new ModuleResolution(
    compiler,
    settings.options,
    moduleHost,
    runtimeTypes !== undefined,
    dirname(entry),
  );

  const textOf = (path: string): string | undefined => {
    if (path === SDK_FILE) return sdkDeclaration();
    const service = serviceOfRemoteFile(path);
    if (service === undefined) return placeholderText(path) ?? readFile(path);
    const declarations = parts.remoteDeclarations(service);
    remotes.set(service, declarations);
    return declarations ?? `declare module ${JSON.stringify(`cell:${service}`)};`;
  };
  const parse = (
    path: string,
    text: string,
    options: ts.ScriptTarget | ts.CreateSourceFileOptions,
  ): ts.SourceFile => {
    const known = parts.parsed.get(path);
    if (known !== undefined && known.text === text) return known;
    // Comments are read from the text where they matter (`jsdoc.ts`), which is a small part of all of them. Only in
    // JavaScript they hold types.
    const { ParseAll, ParseNone } = compiler.JSDocParsingMode;
    const jsDocParsingMode = /\.[cm]?jsx?$/.test(path) ? ParseAll : ParseNone;
    const given = typeof options === "object" ? options : { languageVersion: options };
    const file = compiler.createSourceFile(path, text, { ...given, jsDocParsingMode });
    parts.parsed.set(path, file);
    return file;
  };
  const libraryText = (): string => {
    const { identifiers, words } = mentioned;
    return parts.library.declarations({ identifiers, words, withRuntimeTypes: runtimeTypes !== undefined });
  };

  const host: ts.CompilerHost = {
    ...moduleHost,
    getSourceFile(path, options) {
      if (path === LIBRARY_FILE) return parse(path, libraryText(), options);
      const text = textOf(path);
      if (text === undefined) return undefined;
      const file = parse(path, text, options);
      mentioned.add(file);
      return file;
    },
    getDefaultLibFileName: () => LIBRARY_FILE,
    getCurrentDirectory: () => dirname(entry),
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    writeFile() {},
    resolveModuleNameLiterals: (literals, containingFile, _redirected, _options, file) =>
      resolution.modules(literals, containingFile, file),
    // The generic parameter of this callback only repeats the type of its first one.
    resolveTypeReferenceDirectiveReferences: (references, containingFile) =>
      resolution.typeReferences(references, containingFile),
  };
  const rootNames = [entry, ...parts.extraRoots, LIBRARY_FILE];
  const program = compiler.createProgram({ rootNames, options: settings.options, host });
  const ownFiles = new Set(program.getSourceFiles().filter(isOwn));
  const usesRuntime = resolution.usesRuntimeModules || [...mentioned.identifiers].some(parts.library.isOfRuntime);
  return {
    program,
    entry: program.getSourceFile(entry)!,
    ownFiles,
    unresolved: resolution.unresolved,
    remotes,
    usesRuntime,
    hidesAny: usesRuntime && [...ownFiles].some((file) => turnsAnyIntoMore(compiler, file)),
  };
}

function isOwn({ fileName, isDeclarationFile }: ts.SourceFile): boolean {
  return !isVirtual(fileName) && !isDeclarationFile && !fileName.includes("/node_modules/");
}

function runtimeTypeText({ runtimeTypes }: ProgramParts, path: string): string | undefined {
  return runtimeTypes?.get(path.slice(RUNTIME_TYPES_FOLDER.length + 1));
}
