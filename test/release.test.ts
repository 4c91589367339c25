import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "..");
const EMULATOR = "/usr/bin/qemu-aarch64-static";
const ARM64_LIBRARIES = "/usr/aarch64-linux-gnu";
const canEmulate = existsSync(EMULATOR) && existsSync(ARM64_LIBRARIES);

// Under CI=true the emulator has to be there; elsewhere its absence is a skip.
test.skipIf(!canEmulate && process.env["CI"] === undefined)(
  "the arm64 binary runs a service and calls it, under emulation",
  async () => {
    await using machine = new Machine();
    const folder = join(machine.folder, "release");
    const released = Bun.spawnSync([process.execPath, join(ROOT, "scripts/release.ts"), "linux-arm64"], {
      env: { ...process.env, CELL_RELEASE_FOLDER: folder },
      stderr: "pipe",
    });
    expect(released.stderr.toString()).toContain("cell-linux-arm64");
    const sums = Bun.spawnSync(["sha256sum", "--check", "SHA256SUMS"], { cwd: folder });
    expect(sums.stdout.toString()).toBe("cell-linux-arm64: OK\n");

    const command = [EMULATOR, "-L", ARM64_LIBRARIES, join(folder, "cell-linux-arm64")];
    const file = machine.write("hello.ts", "export function greet(name: string) { return `Hello, ${name}!`; }\n");
    const service = machine.start(["run", file], { command });
    await service.serving();
    const called = await machine.cell(["call", "hello", "greet", "name=arm"], { command });
    expect(called).toMatchObject({ exit: 0, stdout: '"Hello, arm!"\n' });
    // The emulated and the native binary speak the same protocol.
    const native = await machine.cell(["call", "hello", "greet", "name=x64"]);
    expect(native).toMatchObject({ exit: 0, stdout: '"Hello, x64!"\n' });
  },
  240_000,
);

test("an unknown platform is refused with the list of known ones", () => {
  const released = Bun.spawnSync([process.execPath, join(ROOT, "scripts/release.ts"), "amiga"], { stderr: "pipe" });
  expect(released.success).toBe(false);
  expect(released.stderr.toString()).toContain("linux-arm64-musl");
});
