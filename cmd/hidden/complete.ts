import { complete } from "../completion.ts";
import { splitCommandLine } from "../split_command_line.ts";
import { print } from "../stdout.ts";

/**
 * What the shells' scripts ask: `cell __complete words WORD...` with the word that is being typed last, or
 * `cell __complete line LINE WORDBREAKS` with the line up to the cursor. Prints `files` or `words` on the first line
 * (whether file names fit, too) and then what fits, with a description behind a tab.
 */
export async function main([mode, ...rest]: string[]): Promise<void> {
  const [line = "", breaks = ""] = rest;
  const words = mode === "line" ? splitCommandLine(line).slice(1) : rest;
  const { candidates, files } = await complete(words);
  const word = words.at(-1) ?? "";
  // A shell that breaks words at "=" replaces only what stands behind it.
  const kept = mode === "line" ? lengthBeforeLastBreak(word, breaks) : 0;
  const lines = candidates
    .filter(({ value }) => value.startsWith(word))
    .map(({ value, about }) => (about === undefined ? value.slice(kept) : `${value.slice(kept)}\t${about}`));
  await print([files ? "files" : "words", ...lines].join("\n") + "\n");
}

function lengthBeforeLastBreak(word: string, breaks: string): number {
  return Math.max(0, ...[...breaks].map((character) => word.lastIndexOf(character) + 1));
}
