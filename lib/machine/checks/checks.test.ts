import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examineClock } from "./clock.ts";
import { examineHome, examineRunFolder } from "./home.ts";
import { examineFileDescriptors } from "./resources.ts";
import { examineKernel, LIBC, TYPE_CHECKER } from "./runtime.ts";

const isRoot = process.getuid?.() === 0;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a clock that was never set fails and says how to set it", () => {
  expect(examineClock(Date.UTC(2026, 5, 1))).toEqual({ status: "ok", found: "2026-06-01T00:00:00.000Z" });
  const never = examineClock(0);
  expect(never.status).toBe("fail");
  expect(never.found).toContain("1970");
  expect(never.advice).toContain("timedatectl");
  expect(examineClock(Date.UTC(2200, 0, 1)).status).toBe("fail");
});

test("an old kernel is warned of, a new one and other systems are not", () => {
  expect(examineKernel("Linux", "6.18.0-arch1").status).toBe("ok");
  expect(examineKernel("Linux", "5.6.0").status).toBe("ok");
  expect(examineKernel("Linux", "5.4.0-generic").status).toBe("warn");
  expect(examineKernel("Linux", "4.19.0").status).toBe("warn");
  expect(examineKernel("Darwin", "24.1.0").status).toBe("ok");
});

test("too few file descriptors are warned of", () => {
  const limits = (soft: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}                 4096                 files\n`;
  expect(examineFileDescriptors(limits("4096"))).toEqual({ status: "ok", found: "4096 (hard limit 4096)" });
  expect(examineFileDescriptors(limits("unlimited")).status).toBe("ok");
  const few = examineFileDescriptors(limits("256"));
  expect(few.status).toBe("warn");
  expect(few.advice).toContain("ulimit -n");
});

test("a home may be there, or be made", () => {
  expect(examineHome(folder)).toEqual({ status: "ok", found: folder });
  const inner = join(folder, "a/b");
  expect(examineHome(inner)).toEqual({ status: "ok", found: `${inner} (will be created)` });
});

test("a home below a file fails", () => {
  writeFileSync(join(folder, "file"), "");
  expect(examineHome(join(folder, "file")).status).toBe("fail");
  expect(examineHome(join(folder, "file/home")).status).toBe("fail");
});

test.skipIf(!isRoot)("a home of another user fails and says whose it is", () => {
  chownSync(folder, 65534, 65534);
  const foreign = examineHome(folder);
  expect(foreign.status).toBe("fail");
  expect(foreign.found).toContain("65534");
  expect(foreign.advice).toContain("chown");
});

test.skipIf(isRoot)("a home that cannot be written fails", () => {
  chmodSync(folder, 0o500);
  expect(examineHome(folder).status).toBe("fail");
  chmodSync(folder, 0o700);
});

test("a run folder that is open to others fails and says how to close it", () => {
  const run = join(folder, "run");
  expect(examineRunFolder(run).found).toContain("will be created");
  mkdirSync(run, { mode: 0o700 });
  writeFileSync(join(run, "hello.sock"), "");
  expect(examineRunFolder(run)).toEqual({ status: "ok", found: `${run}, mode 0700, 1 socket` });
  chmodSync(run, 0o750);
  const open = examineRunFolder(run);
  expect(open.status).toBe("fail");
  expect(open.advice).toContain(`chmod 700 ${run}`);
});

test("libc and the embedded type checker are found here", async () => {
  expect((await LIBC.run()).status).toBe("ok");
  expect((await TYPE_CHECKER.run()).status).toBe("ok");
});
