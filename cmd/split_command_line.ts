/** The words of a shell's command line up to the cursor, quotes taken off. The last one may be empty: a new word. */
export function splitCommandLine(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let quote: string | undefined;
  let isInWord = false;
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else if (character === "\\" && quote === '"') word += line[++index] ?? "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      isInWord = true;
    } else if (character === "\\") {
      word += line[++index] ?? "";
      isInWord = true;
    } else if (/\s/.test(character)) {
      if (isInWord) words.push(word);
      word = "";
      isInWord = false;
    } else {
      word += character;
      isInWord = true;
    }
  }
  words.push(word);
  return words;
}
