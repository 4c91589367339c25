/**
 * Waits until `condition` holds, looking at it in each turn of the event loop, so also under a clock that only the test moves
 * (`jest.useFakeTimers`); a test's time limit is what ends it otherwise.
 */
export async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
