import { CellError } from "../../base/mod.ts";
import type { PatternNode } from "./syntax.ts";

type State =
  | { kind: "character"; set: CharacterSet; next: number }
  | { kind: "assertion"; holds: (text: string, position: number) => boolean; next: number }
  | { kind: "split"; next: number[] }
  | { kind: "accept" };

/**
 * A nondeterministic automaton that is in all its possible states at once (Thompson 1968), so that each character of a
 * string is looked at once, whatever the pattern.
 */
export class Automaton {
  private readonly states: State[] = [];
  private readonly sets = new Map<string, CharacterSet>();
  private readonly start: number;

  /** @param pattern One that `stateCount` gives a number for. */
  constructor(pattern: PatternNode) {
    const accept = this.add({ kind: "accept" });
    this.start = this.build(pattern, accept);
  }

  /** Whether the pattern matches anywhere in the text. */
  test(text: string): boolean {
    let current: number[] = [];
    let following: number[] = [];
    const entered = new Int32Array(this.states.length).fill(-1);
    for (let position = 0;;) {
      if (this.enter(this.start, text, position, current, entered)) return true;
      if (position === text.length) return false;
      const codePoint = text.codePointAt(position)!;
      const next = position + (codePoint > 0xffff ? 2 : 1);
      following.length = 0;
      for (const index of current) {
        const state = this.states[index]!;
        if (state.kind !== "character" || !state.set.has(codePoint)) continue;
        if (this.enter(state.next, text, next, following, entered)) return true;
      }
      [current, following] = [following, current];
      position = next;
    }
  }

  /** Adds all states that are reached without a character; true if one of them accepts. */
  private enter(from: number, text: string, position: number, reached: number[], entered: Int32Array): boolean {
    const pending = [from];
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (entered[index] === position) continue;
      entered[index] = position;
      const state = this.states[index]!;
      if (state.kind === "accept") return true;
      if (state.kind === "character") reached.push(index);
      else if (state.kind === "split") pending.push(...state.next);
      else if (state.holds(text, position)) pending.push(state.next);
    }
    return false;
  }

  private add(state: State): number {
    return this.states.push(state) - 1;
  }

  /** Adds the states of a pattern that goes on to `next`; gives the first of them. */
  private build(node: PatternNode, next: number): number {
    switch (node.kind) {
      case "character":
        return this.add({ kind: "character", set: this.setOf(node.source), next });
      case "assertion":
        return this.add({ kind: "assertion", holds: ASSERTIONS[node.source], next });
      case "sequence":
        return node.items.reduceRight((following, item) => this.build(item, following), next);
      case "choice":
        return this.add({ kind: "split", next: node.options.map((option) => this.build(option, next)) });
      case "repeat":
        return this.buildRepeat(node, next);
      case "irregular":
        throw new CellError("INTERNAL", "there is no automaton for lookaround and backreferences");
    }
  }

  private buildRepeat({ item, least, greatest }: Extract<PatternNode, { kind: "repeat" }>, next: number): number {
    let following = next;
    if (greatest === Infinity) {
      const loop: State = { kind: "split", next: [next] };
      following = this.add(loop);
      loop.next.push(this.build(item, following));
    } else {
      for (let count = least; count < greatest; count++) {
        following = this.add({ kind: "split", next: [next, this.build(item, following)] });
      }
    }
    for (let count = 0; count < least; count++) following = this.build(item, following);
    return following;
  }

  private setOf(source: string): CharacterSet {
    let set = this.sets.get(source);
    if (set === undefined) this.sets.set(source, set = new CharacterSet(source));
    return set;
  }
}

/** How many states the automaton of a pattern has; Infinity for lookaround and backreferences, which have none. */
export function stateCount(pattern: PatternNode): number {
  switch (pattern.kind) {
    case "character":
    case "assertion":
      return 1;
    case "sequence":
      return pattern.items.reduce((count, item) => count + stateCount(item), 1);
    case "choice":
      return pattern.options.reduce((count, option) => count + stateCount(option), 1);
    case "repeat": {
      const copies = pattern.greatest === Infinity ? pattern.least + 1 : pattern.greatest;
      return 1 + copies * (stateCount(pattern.item) + 1);
    }
    case "irregular":
      return Infinity;
  }
}

/** The code points that one character of a pattern stands for, as the runtime's engine understands it. */
class CharacterSet {
  private readonly expression: RegExp;
  private readonly ascii = new Int8Array(128);

  constructor(source: string) {
    this.expression = new RegExp(`^${source}$`, "u");
    for (let code = 0; code < 128; code++) this.ascii[code] = this.expression.test(String.fromCharCode(code)) ? 1 : 0;
  }

  has(codePoint: number): boolean {
    if (codePoint < 128) return this.ascii[codePoint] === 1;
    return this.expression.test(String.fromCodePoint(codePoint));
  }
}

const ASSERTIONS = {
  "^": (_: string, position: number): boolean => position === 0,
  "$": (text: string, position: number): boolean => position === text.length,
  "\\b": isBoundary,
  "\\B": (text: string, position: number): boolean => !isBoundary(text, position),
};

function isBoundary(text: string, position: number): boolean {
  return isWord(text[position - 1]) !== isWord(text[position]);
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^\w$/.test(character);
}
