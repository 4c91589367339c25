import { readFileSync } from "node:fs";
import { CellError } from "../base/mod.ts";
import { locate, type Problem, SchemaErrors } from "../schema/typescript/mod.ts";

const MISSING_PACKAGE = /^Could not resolve: "([^"]+)"/;

/** The error for what the bundler complained about: every problem with its place, like those of the schema reader. */
export function bundleError(file: string, logs: readonly (BuildMessage | ResolveMessage)[]): CellError {
  const errors = logs.filter(({ level }) => level === "error");
  const problems = errors.map(problemOf);
  if (problems.every((problem) => problem !== undefined)) return new SchemaErrors(problems as Problem[]);
  const texts = errors.map(({ message }) => message).join("\n");
  return new CellError("INVALID_ARGUMENT", `bundling ${file}: ${texts === "" ? "the bundler failed" : texts}`);
}

/** Undefined for what has no place in a file. */
function problemOf({ message, position }: BuildMessage | ResolveMessage): Problem | undefined {
  if (position === null || position.file === "") return undefined;
  const { file, line, column, lineText, length } = position;
  const start = Math.max(0, column - 1);
  let place: Pick<Problem, "line" | "column" | "excerpt">;
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    const offset = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    place = locate(lines.join("\n"), offset + start, length);
  } catch {
    place = { line, column, excerpt: `${line} | ${lineText}` };
  }
  return { file, path: "", message: message.trim(), hint: hintFor(message), ...place };
}

function hintFor(message: string): string {
  const specifier = MISSING_PACKAGE.exec(message)?.[1];
  if (specifier === undefined || specifier.startsWith(".") || specifier.startsWith("/")) return "";
  return `install it beside the file: npm install ${specifier}`;
}
