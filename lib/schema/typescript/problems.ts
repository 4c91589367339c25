import { CellError } from "../../base/mod.ts";
import { relative } from "node:path";

/** More problems than this are counted, not listed. */
const PROBLEMS_SHOWN_MAX = 100;
/** A longer source line is cut around the caret: generated files have lines of megabytes. */
const EXCERPT_LENGTH_MAX = 160;

/** One thing in a source file that keeps it from being a service. */
export interface Problem {
  /** Absolute. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 code units. */
  column: number;
  /** Where in the types, such as `save → args[0].options.onDone`; empty for what is no type. */
  path: string;
  /** What was found. */
  message: string;
  /** What to write instead. */
  hint: string;
  /** The source line with a line below that marks the place. */
  excerpt: string;
}

/** A file cannot be read as a service: every problem of it, not only the first. */
export class SchemaErrors extends CellError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super("INVALID_ARGUMENT", problemsText(problems), { data: { problems } });
    this.problems = problems;
  }
}

/** The line, the column and the excerpt of an offset in a text. */
export function locate(text: string, offset: number, length: number): Pick<Problem, "line" | "column" | "excerpt"> {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineEnd = text.indexOf("\n", offset);
  const source = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).replace(/\r$/, "");
  const column = offset - lineStart;
  const shift = Math.max(0, column - EXCERPT_LENGTH_MAX / 2);
  const shown = source.slice(shift, shift + EXCERPT_LENGTH_MAX);
  const caretLength = Math.max(1, Math.min(length, shown.length - (column - shift)));
  // Tabs stay tabs, so that the caret stands below its place whatever their width is.
  const indent = shown.slice(0, column - shift).replace(/[^\t]/g, " ");
  const gutter = String(line);
  return {
    line,
    column: column + 1,
    excerpt: `${gutter} | ${shown}\n${" ".repeat(gutter.length)} | ${indent}${"^".repeat(caretLength)}`,
  };
}

function problemsText(problems: readonly Problem[]): string {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map(problemText);
  const hidden = problems.length - shown.length;
  return [...shown, ...(hidden > 0 ? [`and ${hidden} more problems`] : [])].join("\n\n");
}

function problemText({ file, line, column, path, message, hint, excerpt }: Problem): string {
  const place = path === "" ? "" : `${path}: `;
  return `${shortPath(file)}:${line}:${column}: ${place}${message}${hint === "" ? "" : `; ${hint}`}\n${
    excerpt.replace(/^/gm, "    ")
  }`;
}

/** Relative to where the user stands, when the file is below. */
function shortPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === "" || short.startsWith("..") ? file : short;
}
