import { expect, test } from "bun:test";
import { join } from "node:path";
import { SECOND } from "../base/mod.ts";
import type { RingRun } from "./testing/ring_process.ts";

const PROGRAM = join(import.meta.dir, "testing", "ring_process.ts");
const RECORDS = process.env["CELL_SOAK"] === undefined ? 1_000_000 : 50_000_000;

test(
  "a million records of random sizes reach another process whole, while both fall asleep and wake each other",
  async () => {
    const near = Bun.spawn([process.execPath, PROGRAM, String(RECORDS), String(Date.now() % 2 ** 31)], {
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      const run: RingRun = JSON.parse(await near.stdout.text());
      expect(run).toMatchObject({ records: RECORDS, checks: RECORDS / 1_000 });
      expect(run.nearSleeps).toBeGreaterThan(0);
      expect(run.nearRings).toBeGreaterThan(0);
      expect(await near.exited).toBe(0);
    } finally {
      near.kill();
    }
  },
  60 * SECOND * (RECORDS / 1_000_000),
);
