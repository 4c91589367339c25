/** How often a condition outside this process is looked at. */
const POLL_MS = 10;
/**
 * A test that waits longer than this for a condition has found a defect, also on a machine that is slow and busy: only a test
 * that fails takes so long. Tests that wait are given more, so that it is the condition that is named.
 */
export const WAIT_MS_MAX = 60_000;

/** Resolves with the first truthy answer of `condition`; for conditions that nothing announces. `what` may say how far it came. */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string | (() => string),
  waitMs = WAIT_MS_MAX,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > deadline) {
      throw new Error(`waited ${waitMs} ms for ${typeof what === "string" ? what : what()}`);
    }
    await Bun.sleep(POLL_MS);
  }
}
