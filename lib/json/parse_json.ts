import { CellError } from "../base/mod.ts";

/** Text beyond this is cut in messages. */
const SHOWN_CHARACTERS_MAX = 60;

/**
 * Parses JSON without losing digits: an integer that a number cannot hold exactly becomes a bigint. Throws
 * INVALID_ARGUMENT that begins with `what`.
 */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text, keepDigits);
  } catch (error) {
    const shown = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}...` : text;
    const why = error instanceof RangeError ? "nested too deeply" : String(error).replace(/^.*JSON Parse error: /, "");
    throw new CellError("INVALID_ARGUMENT", `${what}: expected JSON, found ${shown || "nothing"} (${why})`, {
      cause: error,
    });
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
