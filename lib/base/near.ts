/** A suggestion further away than this share of the word's length helps nobody. */
const DISTANCE_SHARE_MAX = 0.4;
/** Longer words are compared by their beginning: the work is quadratic, and names arrive from outside. */
const WORD_LENGTH_MAX = 64;

/**
 * The candidates that `word` was most likely meant to be, nearest first: at most `limit` of them.
 * A transposition of neighbours counts as one edit (optimal string alignment distance), and case counts as none.
 */
export function nearest(word: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = word.toLowerCase().slice(0, WORD_LENGTH_MAX);
  const ranked: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const other = candidate.toLowerCase().slice(0, WORD_LENGTH_MAX);
    const distance = editDistance(wanted, other);
    const isPrefix = wanted.length >= 2 && other.startsWith(wanted);
    const distanceMax = Math.max(1, Math.floor(Math.max(wanted.length, other.length) * DISTANCE_SHARE_MAX));
    if (distance <= distanceMax || isPrefix) ranked.push({ candidate, distance });
  }
  ranked.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return ranked.slice(0, limit).map((entry) => entry.candidate);
}

/** " Did you mean a, b or c?", or "" when nothing is near: ready to be appended to a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  if (near.length === 0) return "";
  const last = near.at(-1);
  return ` Did you mean ${near.length === 1 ? last : `${near.slice(0, -1).join(", ")} or ${last}`}?`;
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      let best = Math.min(previous[column]! + 1, current[column - 1]! + 1, substitution);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, beforePrevious[column - 2]! + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
