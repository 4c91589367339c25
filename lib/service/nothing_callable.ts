import { basename } from "node:path";
import { CellError } from "../base/mod.ts";

/** The error for a file that is neither a service nor a script; it shows what to write. */
export function nothingCallable(path: string): CellError {
  return new CellError(
    "INVALID_ARGUMENT",
    `${path} exports nothing callable. Every function that a file exports is a method of its service:

    export function greet({ name }: { name: string }) {
      return \`Hello, \${name}!\`;
    }

A file that imports "cell" or "cell:NAME" and exports nothing is run as a script; ${basename(path)} does neither.`,
  );
}
