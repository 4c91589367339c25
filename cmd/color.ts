import { isTerminal, STDERR, STDOUT } from "./terminal.ts";

/** Wraps text in a style, or gives it back as it is where colours are unwanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** How to style what goes to stdout. */
export function stdoutStyle(): Style {
  return styleFor(isTerminal(STDOUT), process.env);
}

/** How to style what goes to stderr. */
export function stderrStyle(): Style {
  return styleFor(isTerminal(STDERR), process.env);
}

/** Styles only for a terminal; NO_COLOR (no-color.org) and TERM=dumb turn them off, FORCE_COLOR on. */
export function styleFor(terminal: boolean, env: Record<string, string | undefined>): Style {
  const forced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const wanted = !env["NO_COLOR"] && (forced || (terminal && env["TERM"] !== "dumb"));
  const wrap = (on: number, off: number) => (text: string) =>
    wanted && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    cyan: wrap(36, 39),
  };
}
