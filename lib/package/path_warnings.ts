import { readFileSync } from "node:fs";

/** More places than these are counted. */
const PLACES_LISTED_MAX = 10;
const OWN_PATH =
  /\bimport\.meta\.(?:dir|dirname|file|filename|path|url)\b|\b__(?:dirname|filename)\b|\bimport\s*\(\s*(?!["'`]|\s*\/)/g;
/** Matches texts as well, so that what looks like a comment in one is left alone. */
const COMMENT = /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\*[\s\S]*?\*\/|\/\/.*/g;

/**
 * Where code asks for its own place on the disk, which is that of the package when it runs: what lies beside the source
 * is not there. Only in the user's own files; found by looking at the text, so what is only mentioned may be listed.
 */
export function pathWarnings(files: readonly string[]): string[] {
  const warnings = files.filter((file) => !file.includes("/node_modules/")).flatMap(warningsOf);
  const hidden = warnings.length - PLACES_LISTED_MAX;
  return hidden > 0 ? [...warnings.slice(0, PLACES_LISTED_MAX), `and ${hidden} more such places`] : warnings;
}

function warningsOf(file: string): string[] {
  if (!/\.[cm]?[jt]sx?$/.test(file)) return [];
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  const code = text.replace(COMMENT, (found, quoted?: string) => quoted ?? found.replace(/[^\n]/g, " "));
  return [...code.matchAll(OWN_PATH)].map((match) => {
    const line = code.slice(0, match.index).split("\n").length;
    const what = match[0].startsWith("import.meta") || match[0].startsWith("__")
      ? `${match[0]} is the package's folder when this runs, and what lies beside this file is not there; ` +
        'import what you need with { type: "file" } or { type: "text" }'
      : "an import whose path is made while this runs finds nothing, since only what is named is in the package";
    return `${file}:${line}: ${what}`;
  });
}
