/** Something wrong in a file, where an editor would underline it. */
export interface Problem {
  /** Absolute; undefined for what concerns no file, such as a broken configuration. */
  file: string | undefined;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Such as TS2345; undefined for what Cell itself found. */
  code: string | undefined;
  message: string;
  /** What to write instead. */
  hint: string | undefined;
  /** The line of the source with a mark below it. */
  excerpt: string | undefined;
}

/** By file and place; of several at one place only the first, since the others follow from it. */
export function sortedProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const place = `${problem.file}:${problem.line}:${problem.column}:${
        problem.file === undefined ? problem.message : ""
      }`;
      return !seen.has(place) && seen.add(place);
    })
    .sort((a, b) =>
      compare(a.file ?? "", b.file ?? "") || a.line - b.line || a.column - b.column || compare(a.message, b.message)
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A longer line is cut around the mark. */
const EXCERPT_LENGTH_MAX = 120;

/** The line of a text with a caret below a column, both from 1; undefined beyond the text's end. */
export function excerptOf(text: string, line: number, column: number): string | undefined {
  const source = text.split("\n")[line - 1]?.replace(/\r$/, "");
  if (source === undefined) return undefined;
  const shift = Math.max(0, column - EXCERPT_LENGTH_MAX / 2);
  const shown = source.slice(shift, shift + EXCERPT_LENGTH_MAX);
  const gutter = String(line);
  // Tabs stay tabs, so that the caret stands below its place however wide they are.
  const indent = shown.slice(0, column - 1 - shift).replace(/[^\t]/g, " ");
  return `${gutter} | ${shown}\n${" ".repeat(gutter.length)} | ${indent}^`;
}
