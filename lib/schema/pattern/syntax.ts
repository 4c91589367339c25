/** What a pattern consists of, as far as it matters which strings match. */
export type PatternNode =
  /** One code point; `source` is a regular expression for it. */
  | { kind: "character"; source: string }
  | { kind: "sequence"; items: PatternNode[] }
  | { kind: "choice"; options: PatternNode[] }
  | { kind: "repeat"; item: PatternNode; least: number; greatest: number }
  | { kind: "assertion"; source: "^" | "$" | "\\b" | "\\B" }
  /** Lookaround, a backreference or a group with modifiers: what no automaton decides. */
  | { kind: "irregular"; items: PatternNode[] };

/** Groups inside one another. Patterns are short, but each level takes stack in everything that walks them. */
const GROUP_DEPTH_MAX = 50;

/** Reads a pattern that `RegExp` with flag `u` has accepted. Throws RangeError when groups are nested too deep. */
export function parsePattern(source: string): PatternNode {
  return new PatternParser(source).choice(0);
}

class PatternParser {
  private position = 0;

  constructor(private readonly source: string) {}

  choice(depth: number): PatternNode {
    if (depth > GROUP_DEPTH_MAX) throw new RangeError(`groups are nested deeper than ${GROUP_DEPTH_MAX}`);
    const options = [this.sequence(depth)];
    while (this.accept("|")) options.push(this.sequence(depth));
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  }

  private sequence(depth: number): PatternNode {
    const items: PatternNode[] = [];
    while (this.position < this.source.length && !this.isAt("|") && !this.isAt(")")) {
      items.push(this.quantified(this.atom(depth)));
    }
    return items.length === 1 ? items[0]! : { kind: "sequence", items };
  }

  private atom(depth: number): PatternNode {
    if (this.accept("^")) return { kind: "assertion", source: "^" };
    if (this.accept("$")) return { kind: "assertion", source: "$" };
    if (this.accept("(")) return this.group(depth);
    if (this.isAt("[")) return { kind: "character", source: this.take(/\[(?:\\[^]|[^\]\\])*\]/uy) };
    if (!this.isAt("\\")) return { kind: "character", source: this.take(/[^]/uy) };
    const escape = this.take(
      /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u\{[^}]*\}|u.{4}|x..|c.|[pP]\{[^}]*\}|k<[^>]*>|[1-9][0-9]*|[^])/uy,
    );
    if (escape === "\\b" || escape === "\\B") return { kind: "assertion", source: escape };
    if (/^\\[k1-9]/.test(escape)) return { kind: "irregular", items: [] };
    return { kind: "character", source: escape };
  }

  private group(depth: number): PatternNode {
    const opening = this.take(/(?:\?(?:<[=!]|<[^>]*>|[=!]|[ims-]*:))?/uy);
    const inner = this.choice(depth + 1);
    this.accept(")");
    const isPlain = opening === "" || opening === "?:" || /^\?<[^=!]/.test(opening);
    return isPlain ? inner : { kind: "irregular", items: [inner] };
  }

  private quantified(item: PatternNode): PatternNode {
    const quantifier = this.take(/(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})?/uy);
    if (quantifier === "") return item;
    this.accept("?");
    const [least, greatest] = bounds(quantifier);
    return { kind: "repeat", item, least, greatest };
  }

  private isAt(character: string): boolean {
    return this.source[this.position] === character;
  }

  private accept(character: string): boolean {
    if (!this.isAt(character)) return false;
    this.position++;
    return true;
  }

  /** What the sticky expression matches here. */
  private take(expression: RegExp): string {
    expression.lastIndex = this.position;
    const text = expression.exec(this.source)?.[0] ?? "";
    this.position += text.length;
    return text;
  }
}

function bounds(quantifier: string): [least: number, greatest: number] {
  if (quantifier === "*") return [0, Infinity];
  if (quantifier === "+") return [1, Infinity];
  if (quantifier === "?") return [0, 1];
  const [least = "", greatest] = quantifier.slice(1, -1).split(",");
  return [Number(least), greatest === undefined ? Number(least) : greatest === "" ? Infinity : Number(greatest)];
}
