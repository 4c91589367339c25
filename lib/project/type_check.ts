import { existsSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CellError } from "../base/mod.ts";
import { cacheDirectory } from "../service/mod.ts";
import { hasInstalledRuntimeTypes, writeRuntimeTypes } from "./declarations.ts";
import type { Problem } from "./problem.ts";
import { readIfThere } from "./write.ts";

/** What a file is checked with that lies in no project: what `cell new` writes. */
export const DEFAULT_COMPILER_OPTIONS = {
  target: "ESNext",
  module: "Preserve",
  moduleResolution: "bundler",
  moduleDetection: "force",
  lib: ["ESNext"],
  strict: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
} as const;

/** `file(line,column): error TS1234: message`, as `tsc --pretty false` prints it. */
const LOCATED = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/;
const UNLOCATED = /^error (TS\d+): (.*)$/;

/**
 * Runs the embedded type checker over files of a project. Declarations of modules have to be among them: nothing imports
 * them by path, and one of a service that has gone would hide that it has.
 */
export async function typeCheck(project: string, files: readonly string[]): Promise<Problem[]> {
  const configuration = join(project, ".cell", `check-${process.pid}.json`);
  writeFileSync(configuration, JSON.stringify(await configurationFor(project, files), null, 2));
  try {
    const { exitCode, stdout, stderr } = await runChecker(configuration, project);
    const problems = parseProblems(stdout, project);
    if (exitCode !== 0 && problems.length === 0) {
      throw new CellError("INTERNAL", `the type checker ended with exit code ${exitCode}: ${(stdout + stderr).trim()}`);
    }
    return problems;
  } finally {
    rmSync(configuration, { force: true });
  }
}

async function runChecker(configuration: string, project: string) {
  const { GITHUB_ACTIONS: _, ...environment } = process.env;
  const checker = Bun.spawn(
    [process.execPath, "check", "--no-script", "--no-pretty", "--all", "-p", configuration],
    {
      cwd: project,
      env: { ...environment, BUN_BE_BUN: "1", NO_COLOR: "1" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [stdout, stderr, exitCode] = await Promise.all([checker.stdout.text(), checker.stderr.text(), checker.exited]);
  return { stdout, stderr, exitCode };
}

/** The configuration lies in `.cell`, so that packages are found as from the project's own. */
async function configurationFor(project: string, files: readonly string[]): Promise<object> {
  const folder = join(project, ".cell");
  const own = nearestConfiguration(project);
  const compilerOptions: Record<string, unknown> = {
    ...(own === undefined ? DEFAULT_COMPILER_OPTIONS : {}),
    noEmit: true,
  };
  const types = own === undefined ? undefined : typesOption(own);
  if (hasInstalledRuntimeTypes(project)) compilerOptions["types"] = types ?? ["bun"];
  else {
    const runtimeTypes = join(cacheDirectory(), "runtime-types", "node_modules");
    await writeRuntimeTypes(runtimeTypes);
    const installed = foldersAbove(project).map((above) => join(above, "node_modules", "@types"));
    compilerOptions["types"] = [...new Set([...(types ?? []), "bun"])];
    compilerOptions["typeRoots"] = [...installed, join(runtimeTypes, "@types")];
  }
  return {
    ...(own === undefined ? {} : { extends: relativePath(folder, own) }),
    compilerOptions,
    files: files.map((file) => relativePath(folder, file)),
    // Globals that the project declares; folders that begin with a dot are left out by the pattern.
    include: own === undefined ? [] : ["../**/*.d.ts"],
    exclude: ["../**/node_modules", "../dist"],
  };
}

/** The tsconfig.json that editors use for the project's files. */
function nearestConfiguration(project: string): string | undefined {
  return foldersAbove(project).map((folder) => join(folder, "tsconfig.json")).find((path) => existsSync(path));
}

/** What a configuration itself says about `types`; one that it extends is not looked at. */
function typesOption(path: string): string[] | undefined {
  try {
    const { compilerOptions } = Bun.JSONC.parse(readIfThere(path) ?? "{}") as {
      compilerOptions?: { types?: string[] };
    };
    return compilerOptions?.types;
  } catch {
    // The checker reports what is wrong with it.
    return undefined;
  }
}

/** The problems in the checker's output. Lines that are indented go on where the line above ended. */
export function parseProblems(output: string, project: string): Problem[] {
  const problems: Problem[] = [];
  for (const line of output.split("\n")) {
    const [, file, row, column, code, message] = LOCATED.exec(line) ?? [];
    const [, plainCode, plainMessage] = UNLOCATED.exec(line) ?? [];
    const last = problems.at(-1);
    if (file !== undefined && message !== undefined) {
      problems.push({
        file: resolve(project, file),
        line: Number(row),
        column: Number(column),
        code,
        message,
        hint: undefined,
        excerpt: undefined,
      });
    } else if (plainMessage !== undefined) {
      problems.push({
        file: undefined,
        line: 1,
        column: 1,
        code: plainCode,
        message: plainMessage,
        hint: undefined,
        excerpt: undefined,
      });
    } else if (last !== undefined && /^\s+\S/.test(line)) last.message += `\n${line}`;
  }
  return problems;
}

function relativePath(folder: string, path: string): string {
  const shown = relative(folder, path);
  return shown.startsWith(".") ? shown : `./${shown}`;
}

function foldersAbove(folder: string): string[] {
  return folder === dirname(folder) ? [folder] : [folder, ...foldersAbove(dirname(folder))];
}
