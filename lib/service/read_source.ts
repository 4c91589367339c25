import { dirname } from "node:path";
import { CellError, type Code, toCellError } from "../base/mod.ts";
import { declareModule } from "../schema/mod.ts";
import {
  loadCachedService,
  loadService,
  type Problem,
  type ReadResult,
  SchemaErrors,
} from "../schema/typescript/mod.ts";
import { cacheDirectory } from "./home.ts";
import { ourImports } from "./imported_services.ts";
import { liveSchema } from "./live_schema.ts";
import { findPinnedSchema } from "./pinned.ts";

/** How a child ends whose program could not be executed, as shells and posix_spawn have it. */
const NOT_EXECUTABLE_EXIT = 127;

/** What a child that reads a schema prints: one line of JSON. */
type ChildAnswer =
  | { result: ReadResult }
  | { problems: readonly Problem[] }
  | { error: { code: Code; message: string; data?: unknown } };

/**
 * What a source file offers as a service. It comes from the cache while none of the files involved has changed; otherwise
 * the compiler reads it, in a child process when there is a command for that (see `RunOptions.schemaCommand`).
 */
export async function readSource(file: string, name: string, schemaCommand?: readonly string[]): Promise<ReadResult> {
  const options = await readOptions(file, name);
  if (schemaCommand === undefined) return loadService(file, options);
  const cached = loadCachedService(file, options);
  return cached ?? await readInChild([...schemaCommand, file, name]) ?? await loadService(file, options);
}

/** The child's part of `readSource`: reads the file into the cache and prints what it found. */
export async function cacheSchema(file: string, name: string): Promise<void> {
  let answer: ChildAnswer;
  try {
    answer = { result: await loadService(file, await readOptions(file, name)) };
  } catch (error) {
    const { code, message, data } = toCellError(error, "INTERNAL");
    answer = error instanceof SchemaErrors ? { problems: error.problems } : { error: { code, message, data } };
  }
  await Bun.write(Bun.stdout, `${JSON.stringify(answer)}\n`);
}

async function readOptions(file: string, name: string) {
  const declarations = await remoteDeclarations(file, name);
  return { name, cacheDirectory: cacheDirectory(), remoteDeclarations: (service: string) => declarations.get(service) };
}

/** The declarations of the services that a file imports: as they were recorded, else as they run now. */
async function remoteDeclarations(file: string, ownName: string): Promise<Map<string, string>> {
  const folder = dirname(file);
  const declarations = new Map<string, string>();
  const add = async (service: string) => {
    const schema = findPinnedSchema(folder, service) ?? await liveSchema(service, "start");
    if (schema !== undefined) declarations.set(service, declareModule({ ...schema, name: service }));
  };
  const services = [...ourImports(file).services].filter((service) => service !== ownName);
  await Promise.all(services.map(add));
  return declarations;
}

/** Undefined where this program cannot start itself: under an emulator its path is not what the kernel can execute. */
async function readInChild(command: string[]): Promise<ReadResult | undefined> {
  const child = Bun.spawn(command, { env: process.env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, complaint, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode === NOT_EXECUTABLE_EXIT && output === "") return undefined;
  let answer: ChildAnswer;
  try {
    answer = JSON.parse(output);
  } catch (error) {
    throw new CellError(
      "INTERNAL",
      `reading types: ${command.join(" ")} ended with exit code ${exitCode} and without an answer. ${complaint.trim()}`,
      { cause: error },
    );
  }
  if ("result" in answer) return answer.result;
  if ("problems" in answer) throw new SchemaErrors(answer.problems);
  throw new CellError(answer.error.code, answer.error.message, { data: answer.error.data });
}
