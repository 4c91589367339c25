import { dirname, join } from "node:path";
import type ts from "typescript";
import type { WatchedFileSystem } from "./file_system.ts";

/** How a service's files are compiled. */
export interface Settings {
  options: ts.CompilerOptions;
  /** The tsconfig.json that applies, if there is one. */
  configFile: string | undefined;
}

/**
 * The options of a tsconfig.json that change which file an import means, or which type an expression has. Strictness is
 * no choice: without it, `null` and `undefined` are in no type.
 */
const RESPECTED_OPTIONS = [
  "allowArbitraryExtensions",
  "baseUrl",
  "customConditions",
  "exactOptionalPropertyTypes",
  "experimentalDecorators",
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "moduleSuffixes",
  "noUncheckedIndexedAccess",
  "paths",
  "pathsBasePath",
  "preserveSymlinks",
  "rootDirs",
  "useUnknownInCatchVariables",
];

/** Reads the nearest tsconfig.json above a file; a broken or missing one leaves the defaults. */
export function readSettings(compiler: typeof ts, entry: string, files: WatchedFileSystem): Settings {
  const options: ts.CompilerOptions = {
    allowImportingTsExtensions: true,
    allowJs: true,
    customConditions: ["bun"],
    jsx: compiler.JsxEmit.Preserve,
    module: compiler.ModuleKind.Preserve,
    moduleDetection: compiler.ModuleDetectionKind.Force,
    moduleResolution: compiler.ModuleResolutionKind.Bundler,
    noEmit: true,
    noLib: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    strict: true,
    target: compiler.ScriptTarget.ESNext,
    types: [],
  };
  const configFile = nearestConfigFile(entry, files);
  if (configFile === undefined) return { options, configFile };
  const given: ts.CompilerOptions = parseConfigFile(compiler, configFile, files).options;
  for (const name of RESPECTED_OPTIONS) if (given[name] !== undefined) options[name] = given[name];
  return { options, configFile };
}

/** Declaration files that a tsconfig.json includes: they may declare globals that no import leads to. */
export function includedDeclarations(compiler: typeof ts, configFile: string, files: WatchedFileSystem): string[] {
  return parseConfigFile(compiler, configFile, files, compiler.sys.readDirectory).fileNames
    .filter((name) => /\.d\.[cm]?ts$/.test(name) && !name.includes("/node_modules/"))
    // What "cell" and "cell:NAME" mean is known without them, and twice is once too often.
    .filter((name) => !/^\s*declare module "cell[":]/m.test(files.readFile(name) ?? ""));
}

function parseConfigFile(
  compiler: typeof ts,
  path: string,
  files: WatchedFileSystem,
  readDirectory: ts.ParseConfigHost["readDirectory"] = () => [],
): ts.ParsedCommandLine {
  const host: ts.ParseConfigHost = {
    useCaseSensitiveFileNames: true,
    fileExists: (name) => files.fileExists(name),
    readFile: (name) => files.readFile(name),
    readDirectory,
  };
  const { config } = compiler.readConfigFile(path, host.readFile);
  return compiler.parseJsonConfigFileContent(config ?? {}, host, dirname(path), undefined, path);
}

function nearestConfigFile(entry: string, files: WatchedFileSystem): string | undefined {
  for (let folder = dirname(entry);; folder = dirname(folder)) {
    const path = join(folder, "tsconfig.json");
    if (files.fileExists(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
