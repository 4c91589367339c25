import { parsePattern, type PatternNode } from "./syntax.ts";

/** Repetitions without an upper bound are made this much longer than they must be, at most. */
const FURTHER_REPETITIONS_MAX = 3;
/** A sample may miss what an assertion or lookaround demands; then another one is tried. */
const ATTEMPTS_MAX = 200;
/** Where code points for a character are looked for: all of ASCII that can be seen, then some of what else there is. */
/** Characters that none of the candidates fits are searched for up to here. */
const SEARCHED_MAX = 0x600;
const CANDIDATES = [
  ...Array.from({ length: 95 }, (_, index) => 32 + index),
  9,
  10,
  0xe4,
  0x416,
  0x3042,
  0x5c71,
  0x1f991,
];

/**
 * A string that matches a pattern and is as long as demanded, or undefined if none was found. `random` gives numbers
 * from 0 to below 1.
 */
export function samplePattern(
  source: string,
  random: () => number,
  lengthMin = 0,
  lengthMax = Infinity,
): string | undefined {
  const node = parsePattern(source);
  const expression = new RegExp(source, "u");
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    let text = sample(node, random);
    // Where the pattern does not say what follows, anything may; \b and \B may ask for something.
    if (attempt % 2 === 1) text += "a";
    if (text.length < lengthMin) text += "a".repeat(lengthMin - text.length);
    if (text.length <= lengthMax && expression.test(text)) return text;
  }
  return undefined;
}

function sample(node: PatternNode, random: () => number): string {
  switch (node.kind) {
    case "character":
      return sampleCharacter(node.source, random);
    case "assertion":
      return "";
    case "sequence":
    case "irregular":
      return node.items.map((item) => sample(item, random)).join("");
    case "choice":
      return sample(node.options[Math.floor(random() * node.options.length)]!, random);
    case "repeat": {
      const greatest = Math.min(node.greatest, node.least + FURTHER_REPETITIONS_MAX);
      const count = node.least + Math.floor(random() * (greatest - node.least + 1));
      return Array.from({ length: count }, () => sample(node.item, random)).join("");
    }
  }
}

function sampleCharacter(source: string, random: () => number): string {
  if (source.length === 1 && source !== ".") return source;
  const units = [...source.matchAll(/^\\u\{([0-9a-f]+)\}$|\\[ux]([0-9a-f]+)/gi)].map(([, a, b]) =>
    parseInt(a ?? b!, 16)
  );
  if (units.length > 0 && /^\\[ux]/.test(source)) return String.fromCodePoint(...units);
  const expression = new RegExp(`^${source}$`, "u");
  const matching = CANDIDATES.map((code) => String.fromCodePoint(code)).filter((text) => expression.test(text));
  if (matching.length > 0) return matching[Math.floor(random() * matching.length)]!;
  for (let code = 0; code < SEARCHED_MAX; code++) {
    const text = String.fromCodePoint(code);
    if (expression.test(text)) return text;
  }
  return "";
}
