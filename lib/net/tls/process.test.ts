import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

setDefaultTimeout(120_000);

/** How long a process that is held open is watched. One that is not ends by itself, however long that takes. */
const WATCH_MS = 500;

/** A process that has nothing more to do, and says so. */
async function idleProcess(...args: string[]) {
  const script = join(import.meta.dir, "testing", "idle_process.ts");
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
  for await (const chunk of child.stdout) if (Buffer.from(chunk).includes("idle")) break;
  return child;
}

test("links that nobody holds open let their process end, at either end", async () => {
  expect(await (await idleProcess()).exited).toBe(0);
});

test("an accepted link that is held open keeps its process alive", async () => {
  const child = await idleProcess("held");
  const watched = new Promise((resolve) => setTimeout(() => resolve("it still runs"), WATCH_MS));
  try {
    expect(await Promise.race([child.exited, watched])).toBe("it still runs");
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});
