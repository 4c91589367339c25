import { errorText } from "./error_text.ts";

/** As deep as the runtime's console looks into an object. */
const DEPTH = 2;
const DIRECTIVE = /%[sdifjoOc%]/g;

/**
 * The text of what `console.log` was given, as the runtime's own console writes it: objects through `Bun.inspect`,
 * directives (%s, %d, %j ...) in a first string with values behind it. Only errors have a form of their own. Never throws, whatever is in the values.
 */
export function formatMessage(values: readonly unknown[]): string {
  const [first, ...rest] = values;
  if (typeof first !== "string") return values.map(formatValue).join(" ");
  if (rest.length === 0) return first;
  const text = first.includes("%") ? substitute(first, rest) : first;
  return [text, ...rest.map(formatValue)].join(" ");
}

/** One value: a string as it is, an error with the user's frames, anything else as the runtime shows it. */
export function formatValue(value: unknown): string {
  if (typeof value === "string") return value;
  return value instanceof Error ? shown(() => errorText(value)) : inspect(value, DEPTH);
}

/** A value as the runtime shows it. A getter or a proxy of the user may throw: then the error is shown. */
export function inspect(value: unknown, depth: number): string {
  return shown(() => Bun.inspect(value, { depth }));
}

function shown(show: () => string): string {
  try {
    return show();
  } catch (error) {
    return `[cannot be shown: ${describe(error)}]`;
  }
}

/** Replaces the directives of a format; takes the values that it used from the front of `values`. */
function substitute(format: string, values: unknown[]): string {
  return format.replace(DIRECTIVE, (directive) => {
    if (directive === "%%") return "%";
    return values.length === 0 ? directive : directed(directive, values.shift());
  });
}

function directed(directive: string, value: unknown): string {
  try {
    switch (directive) {
      case "%s":
        return String(value);
      case "%d":
        return number(value, Number);
      case "%i":
        return number(value, (some) => Math.trunc(Number(some)));
      case "%f":
        return number(value, Number);
      case "%j":
        return JSON.stringify(value) ?? "";
      case "%c":
        return "";
      default:
        return formatValue(value);
    }
  } catch (error) {
    return `[cannot be shown: ${describe(error)}]`;
  }
}

function number(value: unknown, convert: (value: unknown) => number): string {
  if (typeof value === "bigint") return String(value);
  return typeof value === "symbol" ? "NaN" : String(convert(value));
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : "an error";
}
