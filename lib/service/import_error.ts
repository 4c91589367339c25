import { readFileSync } from "node:fs";
import { CellError, didYouMean } from "../base/mod.ts";
import { userFrames } from "./user_frames.ts";

/** Further problems of the same file are counted, not listed. */
const PROBLEMS_LISTED_MAX = 10;

/** The runtime's message for a name that a module does not export. */
const MISSING_EXPORT = /^Export named '(.+)' not found in module '(.+)'\.?$/s;
/** The runtime's message for a specifier that leads nowhere, and who imported it. */
const MISSING_MODULE = /^Cannot find (?:module|package) '(.+)' (?:imported )?from '?(.+?)'?$/s;

/** What the parser of the runtime says of a file. */
interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The error for a file that failed while it was imported: what failed, at which line, and what to do if that is known. */
export async function importError(path: string, thrown: unknown): Promise<CellError> {
  // An error of ours, such as that of a service that is not known, is clear already.
  if (thrown instanceof CellError && userFrames(thrown).length === 0) return thrown;
  const problems = thrown instanceof AggregateError ? thrown.errors : [thrown];
  const texts: string[] = [];
  for (const problem of problems.slice(0, PROBLEMS_LISTED_MAX)) texts.push(await describe(path, problem));
  if (problems.length > PROBLEMS_LISTED_MAX) texts.push(`and ${problems.length - PROBLEMS_LISTED_MAX} more`);
  return new CellError("INVALID_ARGUMENT", texts.join("\n"), { cause: thrown });
}

async function describe(path: string, thrown: unknown): Promise<string> {
  if (!(thrown instanceof Error) && !isBuildMessage(thrown)) {
    return `${path} threw ${show(thrown)} while it was imported`;
  }
  const { message } = thrown;
  const position = isBuildMessage(thrown) ? thrown.position : undefined;
  if (position) return `${position.file}:${position.line}:${position.column}: ${message}`;
  const missingModule = MISSING_MODULE.exec(message);
  if (missingModule !== null) return describeMissingModule(missingModule[1]!, missingModule[2]!, message);
  const missingExport = MISSING_EXPORT.exec(message);
  if (missingExport !== null) return describeMissingExport(path, missingExport[1]!, missingExport[2]!);
  const name = thrown instanceof Error ? `${thrown.name}: ` : "";
  return [`${path} threw while it was imported: ${name}${message}`, ...userFrames(thrown)].join("\n");
}

/** The runtime's messages about a file that cannot be parsed or resolved; not all of them are errors of the language. */
function isBuildMessage(thrown: unknown): thrown is { message: string; stack?: string; position?: Position | null } {
  return typeof thrown === "object" && thrown !== null && "message" in thrown && "position" in thrown;
}

function describeMissingModule(specifier: string, importer: string, message: string): string {
  const place = placeOf(specifier, importer);
  const isPackage = !/^[./]/.test(specifier) && !specifier.includes(":");
  const advice = isPackage ? ` Install it beside the file: npm install ${specifier}` : "";
  return place === undefined ? `${message}.${advice}` : `${place}: cannot find "${specifier}".${advice}`;
}

async function describeMissingExport(path: string, name: string, module: string): Promise<string> {
  const place = placeOf(module, path) ?? path;
  if (module !== "cell" && !module.startsWith("cell:")) return `${place}: ${module} exports no ${name}`;
  // It has been loaded already, or nobody would know that the name is missing.
  const known = Object.keys(await import(module));
  const what = module === "cell"
    ? `"cell" exports no ${name}.`
    : `${module.slice("cell:".length)} has no method ${name}.`;
  const advice = module === "cell" ? "" : " If it is new, record the service's types again with cell check.";
  return `${place}: ${what}${didYouMean(name, known)}${advice}`;
}

/** Where in `file` a specifier stands: best effort, for people. */
function placeOf(specifier: string, file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  for (const quote of ['"', "'"]) {
    const offset = text.indexOf(`${quote}${specifier}${quote}`);
    if (offset === -1) continue;
    const lines = text.slice(0, offset).split("\n");
    return `${file}:${lines.length}:${lines.at(-1)!.length + 1}`;
  }
  return undefined;
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
