import { expect, test } from "bun:test";
import { join } from "node:path";

/** What the room promises for 1,000 nodes with 10 instances each; measured: see mod.ts. */
const MEMORY_MB_MAX = 100;

test("1,000 nodes with 10 instances each take less memory than promised, and no more than is estimated", () => {
  const script = join(import.meta.dir, "testing", "measure.ts");
  const run = Bun.spawnSync([process.execPath, script, "1000", "10"], { stdout: "pipe", stderr: "inherit" });
  const found = JSON.parse(run.stdout.toString());
  expect(found).toMatchObject({ entries: 10_000, lookupOf: 1_000 });
  expect(found.heapMB).toBeLessThan(MEMORY_MB_MAX);
  expect(found.residentMB).toBeLessThan(MEMORY_MB_MAX);
  expect(found.heapMB).toBeLessThan(found.estimatedMB);
  expect(found.estimatedMB).toBeLessThan(MEMORY_MB_MAX);
  expect(found.digestBytes).toBeLessThan(30_000);
}, 120_000);
