import { readFileSync } from "node:fs";
import { CellError, SECOND } from "../base/mod.ts";
import { declareModule, type Schema } from "../schema/mod.ts";
import { loadService, SchemaErrors } from "../schema/typescript/mod.ts";
import { cacheDirectory, connectService, ourImports, serviceNameOf, sourceFile } from "../service/mod.ts";
import { readServiceSchema, writeSdkDeclaration, writeServiceDeclaration } from "./declarations.ts";
import { explainMissing } from "./explain_missing.ts";
import { projectFolder } from "./folder.ts";
import { excerptOf, type Problem, sortedProblems } from "./problem.ts";
import { typeCheck } from "./type_check.ts";

/** A service that runs answers within this time. */
const CONNECT_TIMEOUT_MS = 5 * SECOND;
/** What a file is called whose own name is not valid: a script need not have one. */
const NAMELESS = "script";

/** How files are checked. */
export interface CheckOptions {
  /** Against the schemas in `.cell/types` instead of those of running services. @default false */
  offline?: boolean;
}

/** What a check found. */
export interface CheckReport {
  /** Absolute paths of what was asked for. */
  files: string[];
  /** The services that the files call, as far as a schema of them was found. */
  services: { name: string; species: string }[];
  /** Sorted by place. */
  problems: Problem[];
}

/**
 * Checks TypeScript files: that what they export can cross the wire, and that all types fit, those of the services they
 * import included. Writes the declarations of these services. Throws when a file cannot be read at all.
 */
export async function checkFiles(
  files: readonly string[],
  { offline = false }: CheckOptions = {},
): Promise<CheckReport> {
  const paths = [...new Set(files.map(sourceFile))];
  const report: CheckReport = { files: paths, services: [], problems: [] };
  for (const [project, members] of Map.groupBy(paths, projectFolder)) {
    const { services, problems } = await checkProject(project, members, offline);
    report.services.push(...services);
    report.problems.push(...problems);
  }
  report.problems = sortedProblems(report.problems).map(withExcerpt);
  return report;
}

async function checkProject(
  project: string,
  files: readonly string[],
  offline: boolean,
): Promise<Omit<CheckReport, "files">> {
  const schemas = new Map<string, Schema>();
  const missing = new Map<string, CellError>();
  const declarations = [writeSdkDeclaration(project)];
  for (const name of [...new Set(files.flatMap((file) => [...ourImports(file).services]))].sort()) {
    try {
      schemas.set(name, offline ? recordedSchema(project, name) : await liveSchema(name));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      missing.set(name, error);
    }
  }
  for (const [name, schema] of schemas) declarations.push(writeServiceDeclaration(project, name, schema));
  // The child checks on another core while the reader works here.
  const typeProblems = typeCheck(project, [...files, ...declarations]);
  const problems: Problem[] = [];
  for (const file of files) problems.push(...await readerProblems(file, schemas, missing));
  problems.push(...(await typeProblems).map((problem) => explainMissing(problem, missing, offline)));
  return { services: [...schemas].map(([name, { species }]) => ({ name, species })), problems };
}

async function liveSchema(name: string): Promise<Schema> {
  const service = await connectService(name, { timeoutMs: CONNECT_TIMEOUT_MS });
  try {
    return await service.schema();
  } finally {
    await service.close();
  }
}

function recordedSchema(project: string, name: string): Schema {
  const schema = readServiceSchema(project, name);
  if (schema !== undefined) return schema;
  throw new CellError("NOT_FOUND", `${project}/.cell/types has no schema of ${name}`);
}

/** What keeps the file's exports from crossing the wire. */
async function readerProblems(
  file: string,
  schemas: ReadonlyMap<string, Schema>,
  missing: ReadonlyMap<string, CellError>,
): Promise<Problem[]> {
  try {
    await loadService(file, {
      name: nameOf(file),
      cacheDirectory: cacheDirectory(),
      remoteDeclarations: (name) => {
        const schema = schemas.get(name);
        return schema === undefined ? undefined : declareModule({ ...schema, name });
      },
    });
    return [];
  } catch (error) {
    if (!(error instanceof SchemaErrors)) throw error;
    const follows = (hint: string): boolean => [...missing.keys()].some((name) => hint.includes(`"cell:${name}"`));
    // What is unknown because a service is unknown is said once, where the service is imported.
    return error.problems.filter(({ hint }) => !follows(hint)).map(({ path, message, hint, excerpt, ...place }) => ({
      file: place.file,
      line: place.line,
      column: place.column,
      code: undefined,
      message: path === "" ? message : `${path}: ${message}`,
      hint: hint === "" ? undefined : hint,
      excerpt,
    }));
  }
}

function nameOf(file: string): string {
  try {
    return serviceNameOf(file);
  } catch {
    return NAMELESS;
  }
}

function withExcerpt(problem: Problem): Problem {
  if (problem.excerpt !== undefined || problem.file === undefined) return problem;
  try {
    return { ...problem, excerpt: excerptOf(readFileSync(problem.file, "utf8"), problem.line, problem.column) };
  } catch {
    return problem;
  }
}
