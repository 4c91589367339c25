import type { Style } from "./color.ts";

const COMMENT = /^\s*(?:\/\*\*|\*)/;
const METHOD = /^[A-Za-z_$][\w$]*(?=\()/;

/** Signatures for a terminal: names of methods stand out, comments stand back. */
export function styleSignatures(text: string, style: Style): string {
  return text.split("\n")
    .map((line) => COMMENT.test(line) ? style.dim(line) : line.replace(METHOD, (name) => style.bold(name)))
    .join("\n");
}
