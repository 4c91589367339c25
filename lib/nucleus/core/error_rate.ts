/** What an instance, or several, have answered. */
export interface CallCounts {
  readonly calls: number;
  readonly errors: number;
}

/** Fewer errors than this tell nothing: one caller with a typing error makes as many. */
export const ERRORS_MIN = 5;
/** A rise by less than this share of all calls is not worth undoing a release for. */
export const RISE_MIN = 0.02;
/**
 * How unlikely the errors have to be if the new release were as good as the old one: e^-6.9, one in a thousand. A swap is
 * undone for nothing once in a thousand times at most; a release whose first five calls all fail is found at once.
 */
export const SURPRISE_MIN = Math.log(1000);

/**
 * Whether a new release fails so much more often than the old one that chance does not explain it.
 *
 * With k errors in n calls and the old error rate q, the probability of at least k errors by chance is at most
 * e^(-n D(k/n || q)), D being the relative entropy (Chernoff, Hoeffding 1963): one line that holds for 5 calls and for 5
 * million. q is Laplace's estimate (errors + 1) / (calls + 2): where the old one has answered nothing it is one half, and
 * ten failures out of ten are what it takes. A fixed threshold was turned down: it is too low for a service that fails
 * every tenth call as usual and too high for one that never does.
 */
export function errorRateJumped(before: CallCounts, after: CallCounts): boolean {
  if (after.errors < ERRORS_MIN) return false;
  const usual = (before.errors + 1) / (before.calls + 2);
  const rate = Math.min(1, after.errors / Math.max(1, after.calls));
  if (rate < usual + RISE_MIN) return false;
  return after.calls * relativeEntropy(rate, usual) >= SURPRISE_MIN;
}

function relativeEntropy(rate: number, usual: number): number {
  const ofErrors = rate * Math.log(rate / usual);
  return rate === 1 ? ofErrors : ofErrors + (1 - rate) * Math.log((1 - rate) / (1 - usual));
}
