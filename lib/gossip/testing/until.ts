const LOOK_MS = 2;

/** Resolves when `isTrue` is, which is looked at again and again. Throws after `timeoutMs`, saying what was waited for. */
export async function until(what: string, isTrue: () => boolean, timeoutMs = 50_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await Bun.sleep(LOOK_MS);
  }
}
