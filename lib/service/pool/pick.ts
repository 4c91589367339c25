/** What choosing between two connections looks at. */
export interface Loaded {
  /** Calls that this process waits for on the connection. */
  readonly inFlight: number;
  /** What the instance last said of its calls, everybody's included. */
  readonly reportedLoad: number;
}

/**
 * The less loaded one of two candidates that are drawn at random: nearly as even as looking at all of them, and callers
 * that know the same do not all choose the same one (Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", 2001). Undefined without candidates. `random` is from 0 to below 1.
 */
export function pickLessLoaded<T extends Loaded>(candidates: readonly T[], random: () => number): T | undefined {
  const { length } = candidates;
  if (length < 2) return candidates[0];
  const firstIndex = Math.floor(random() * length);
  const offset = 1 + Math.floor(random() * (length - 1));
  const first = candidates[firstIndex]!;
  const second = candidates[(firstIndex + offset) % length]!;
  const difference = first.inFlight - second.inFlight || first.reportedLoad - second.reportedLoad;
  return difference <= 0 ? first : second;
}
