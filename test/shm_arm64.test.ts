import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RingRun } from "../lib/shm/testing/ring_process.ts";

const ROOT = join(import.meta.dir, "..");
const EMULATOR = "/usr/bin/qemu-aarch64-static";
const ARM64_LIBRARIES = "/usr/aarch64-linux-gnu";
const canEmulate = existsSync(EMULATOR) && existsSync(ARM64_LIBRARIES);
/** The emulator is some twenty times slower. */
const RECORDS = process.env["CELL_SOAK"] === undefined ? 30_000 : 1_000_000;

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// Under CI=true the emulator has to be there; elsewhere its absence is a skip. It runs ARM's instructions, but not its weaker order of
// memory: what relies on Atomics for that is said in lib/shm.
test.skipIf(!canEmulate && process.env["CI"] === undefined)(
  "two arm64 processes exchange records through shared memory, under emulation",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "cell-arm64-"));
    folders.push(folder);
    const program = join(folder, "ring_process");
    const compiled = Bun.spawnSync(
      [process.execPath, "build", "--compile", "--target=bun-linux-arm64", "lib/shm/testing/ring_process.ts"].concat([
        "--outfile",
        program,
      ]),
      { cwd: ROOT, stdout: "pipe", stderr: "pipe" },
    );
    expect(compiled.success, compiled.stderr.toString()).toBe(true);
    const emulator = [EMULATOR, "-L", ARM64_LIBRARIES];
    const near = Bun.spawn([...emulator, program, String(RECORDS), "1"], {
      env: { ...process.env, RING_PROCESS_RUNNER: JSON.stringify(emulator) },
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      const run: RingRun = JSON.parse(await near.stdout.text());
      expect(run).toMatchObject({ records: RECORDS, checks: RECORDS / 1_000 });
      expect(await near.exited).toBe(0);
    } finally {
      near.kill();
    }
  },
  600_000,
);
