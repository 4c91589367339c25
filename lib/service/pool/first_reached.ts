/** How long `firstReached` waits for a candidate before it tries the next one as well. Infinity: until it has failed. */
export type PatienceMs<T> = (candidate: T) => number;

/**
 * What `reach` gives for the first candidate that is reached. They are tried in order: the next one when one has failed, or
 * when it has kept quiet for too long, and then both go on. Throws the error of the first candidate when all have failed.
 * There is at least one.
 */
export function firstReached<T, R>(
  candidates: readonly T[],
  reach: (candidate: T) => Promise<R>,
  patienceMs: PatienceMs<T>,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const errors: unknown[] = [];
    let begun = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tryNext = (): void => {
      clearTimeout(timer);
      const index = begun;
      if (index >= candidates.length) return;
      begun++;
      const candidate = candidates[index]!;
      const waitMs = patienceMs(candidate);
      if (waitMs !== Infinity && begun < candidates.length) timer = setTimeout(tryNext, waitMs);
      reach(candidate).then(
        (reached) => {
          clearTimeout(timer);
          begun = candidates.length;
          resolve(reached);
        },
        (error: unknown) => {
          errors[index] = error;
          if (Object.keys(errors).length === candidates.length) reject(errors[0]);
          else tryNext();
        },
      );
    };
    tryNext();
  });
}
