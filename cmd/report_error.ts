import { CellError } from "../lib/base/mod.ts";
import { toJson } from "../lib/json/mod.ts";
import { stderrStyle } from "./color.ts";
import { isAnswered } from "./exit_code.ts";
import { say } from "./stderr.ts";
import { UsageError } from "./usage_error.ts";
import { withoutControls } from "./without_controls.ts";

/** More of an error's data than this is cut off on the terminal. */
const DATA_CHARACTERS_MAX = 2000;
/** What an error looks like whose message needs no code in front to be understood. */
const PLAIN_CODES = new Set(["UNKNOWN", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS"]);

/** Says on stderr what went wrong. A defect of ours comes with its stack. */
export function reportError(error: unknown, command?: string): void {
  const style = stderrStyle();
  for (const text of describeError(error, command)) {
    const line = withoutControls(text);
    say(line.startsWith("error: ") ? style.red("error:") + line.slice("error:".length) : style.dim(line));
  }
}

/** The lines that `reportError` prints, without colours. */
export function describeError(error: unknown, command?: string): string[] {
  if (error instanceof UsageError) {
    return [`error: ${error.message}`, `See \`${command === undefined ? "cell" : `cell ${command}`} --help\`.`];
  }
  if (error instanceof CellError) {
    const code = PLAIN_CODES.has(error.code) ? "" : `${error.code}: `;
    return [`error: ${code}${error.message}`, ...(isAnswered(error) ? dataLines(error.data) : [])];
  }
  if (error instanceof Error && "syscall" in error) return [`error: ${error.message}`];
  return [`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
}

/** What a method attached to its error, as one line of JSON. The data of our own errors is for programs. */
function dataLines(data: unknown): string[] {
  if (data === undefined || data === null) return [];
  const text = JSON.stringify(toJson(data, { kind: "unknown" }, {}));
  if (text === "{}") return [];
  const cut = text.length > DATA_CHARACTERS_MAX ? `${text.slice(0, DATA_CHARACTERS_MAX)}...` : text;
  return [`data: ${cut}`];
}
