import type { PatternNode } from "./syntax.ts";

/**
 * An upper bound for how many ways a backtracking engine may try on a string of n characters: `ways` times
 * (n + 1)^`loops`. Infinite ways: it grows faster than that.
 */
export interface Cost {
  ways: number;
  loops: number;
}

/** One way of up to this many characters in a row counts as one; a longer one as so many of them. */
const WAY_LENGTH_MAX = 64;

/** The cost of a whole pattern, which may begin to match anywhere unless it says otherwise. */
export function costOf(node: PatternNode): Cost {
  const { ways, loops } = costOfNode(node);
  const cost = { ways: ways * Math.max(1, lengthOf(node) / WAY_LENGTH_MAX), loops };
  return beginsAtStart(node) ? cost : { ...cost, loops: loops + 1 };
}

/** How many characters a pattern looks at in a row, what repeats without end apart: `a{1000}` looks at a thousand. */
function lengthOf(node: PatternNode): number {
  switch (node.kind) {
    case "character":
    case "assertion":
      return 1;
    case "sequence":
    case "irregular":
      return node.items.reduce((length, item) => length + lengthOf(item), 0);
    case "choice":
      return node.options.reduce((length, option) => Math.max(length, lengthOf(option)), 0);
    case "repeat":
      return lengthOf(node.item) * (node.greatest === Infinity ? node.least + 1 : node.greatest);
  }
}

function costOfNode(node: PatternNode): Cost {
  switch (node.kind) {
    case "character":
    case "assertion":
      return { ways: 1, loops: 0 };
    case "irregular":
      // A backreference looks at as many characters as its group has matched.
      return node.items.length === 0 ? { ways: 1, loops: 1 } : product(node.items.map(costOfNode));
    case "sequence":
      return product(node.items.map(costOfNode));
    case "choice": {
      const { ways, loops } = product(node.options.map(costOfNode));
      return { ways: ways * node.options.length, loops };
    }
    case "repeat": {
      const { ways, loops } = costOfNode(node.item);
      const hasChoices = ways > 1 || loops > 0;
      if (node.greatest === Infinity) return { ways: hasChoices ? Infinity : ways, loops: 1 };
      const choices = node.greatest - node.least + 1;
      return { ways: choices * ways ** node.greatest, loops: loops * node.greatest };
    }
  }
}

function product(costs: Cost[]): Cost {
  return costs.reduce((all, { ways, loops }) => ({ ways: all.ways * ways, loops: all.loops + loops }), {
    ways: 1,
    loops: 0,
  });
}

function beginsAtStart(node: PatternNode): boolean {
  switch (node.kind) {
    case "assertion":
      return node.source === "^";
    case "sequence":
      return node.items.length > 0 && beginsAtStart(node.items[0]!);
    case "choice":
      return node.options.every(beginsAtStart);
    default:
      return false;
  }
}

/** The longest string on which the cost stays within `waysMax`. */
export function lengthWithin({ ways, loops }: Cost, waysMax: number): number {
  if (ways > waysMax) return -1;
  return loops === 0 ? Infinity : Math.floor((waysMax / ways) ** (1 / loops)) - 1;
}
