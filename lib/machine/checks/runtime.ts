import { closeSync, openSync } from "node:fs";
import { arch, release, type } from "node:os";
import { effectiveUserId, tryLockExclusive } from "../../sys/mod.ts";
import { type Check, fail, ok, warn } from "../check.ts";

/** The first kernel with everything that the runtime uses. */
const LINUX_MIN = [5, 6] as const;

/** Which kernel runs here. */
export const KERNEL: Check = { name: "kernel", run: () => examineKernel(type(), release()) };

/** The finding for a kernel of this name and release. */
export function examineKernel(name: string, release: string) {
  const found = `${name} ${release} ${arch()}, user ${effectiveUserId()}`;
  const [major = 0, minor = 0] = release.split(".").map(Number);
  const isOld = name === "Linux" && (major < LINUX_MIN[0] || (major === LINUX_MIN[0] && minor < LINUX_MIN[1]));
  return isOld
    ? warn(found, `expected Linux ${LINUX_MIN.join(".")} or later; a newer kernel may be needed`)
    : ok(found);
}

/** Whether the C library can be called: names are its locks. */
export const LIBC: Check = {
  name: "libc",
  run: () => {
    // Any open file will do; it must be one that nobody else locks.
    const file = openSync("/dev/null", "r");
    try {
      tryLockExclusive(file);
      return ok("found, locks work");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail(why, "install the C library that the binary was built for: glibc or, for the musl builds, musl");
    } finally {
      closeSync(file);
    }
  },
};

/** Whether the embedded type checker starts. */
export const TYPE_CHECKER: Check = {
  name: "type checker",
  run: () => {
    const checker = Bun.spawnSync([process.execPath, "--version"], { env: { ...process.env, BUN_BE_BUN: "1" } });
    const version = checker.stdout.toString().trim();
    if (checker.success && version === Bun.version) return ok(`embedded, bun ${version}`);
    return fail(
      `${process.execPath} does not start itself: ${checker.stderr.toString().trim() || `exit ${checker.exitCode}`}`,
      "put the binary on a disk that is not mounted noexec",
    );
  },
};
