import { CellError } from "../base/mod.ts";

/** Text beyond this is cut in messages. */
const SHOWN_CHARACTERS_MAX = 60;

/** An INVALID_ARGUMENT in the words of the codecs: `args[0].at: expected a date ..., found string "soon"`. */
export function mismatch(path: string, expected: string, json: unknown): CellError {
  return new CellError("INVALID_ARGUMENT", `${path}: expected ${expected}, found ${describe(json)}`);
}

function describe(json: unknown): string {
  if (json === undefined) return "nothing";
  if (json === null) return "null";
  if (Array.isArray(json)) return `an array of ${json.length}`;
  if (typeof json === "object") return "an object";
  const text = typeof json === "string" ? JSON.stringify(json) : String(json);
  return `${typeof json} ${text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}..."` : text}`;
}
