import type { PatternNode } from "./syntax.ts";

/**
 * An upper bound for how many ways a backtracking engine may try on a string of n characters: `ways` times
 * (n + 1)^`loops`. Infinite ways: it grows faster than that.
 */
export interface Cost {
  ways: number;
  loops: number;
}

/** The cost of a whole pattern, which may begin to match anywhere unless it says otherwise. */
export function costOf(node: PatternNode): Cost {
  const cost = costOfNode(node);
  return beginsAtStart(node) ? cost : { ways: cost.ways, loops: cost.loops + 1 };
}

function costOfNode(node: PatternNode): Cost {
  switch (node.kind) {
    case "character":
    case "assertion":
      return { ways: 1, loops: 0 };
    case "sequence":
    case "irregular":
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
