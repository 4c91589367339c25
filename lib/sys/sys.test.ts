import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { errnoName } from "./errno.ts";
import { effectiveUserId, peerCredentials, tryLockExclusive } from "./mod.ts";

const mod = join(import.meta.dir, "mod.ts");
let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "cell-sys-"))));
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs code in a process of its own; gives its first line of output and the process. */
async function start(code: string): Promise<{ line: string; kill(): Promise<void> }> {
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  return {
    line: text.trim(),
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

test("a lock is exclusive between open files, and closing the file releases it", () => {
  const path = join(directory, "lock");
  const first = openSync(path, "w");
  const second = openSync(path, "w");
  expect(tryLockExclusive(first)).toBe(true);
  expect(tryLockExclusive(second)).toBe(false);
  closeSync(first);
  expect(tryLockExclusive(second)).toBe(true);
  closeSync(second);
});

test("the kernel releases the lock of a process that is killed", async () => {
  const path = join(directory, "lock");
  const holder = await start(`
    const { tryLockExclusive } = await import(${JSON.stringify(mod)});
    console.log(tryLockExclusive(require("node:fs").openSync(${JSON.stringify(path)}, "w")));
    setInterval(() => {}, 1000);
  `);
  expect(holder.line).toBe("true");
  const fd = openSync(path, "w");
  expect(tryLockExclusive(fd)).toBe(false);
  await holder.kill();
  expect(tryLockExclusive(fd)).toBe(true);
  closeSync(fd);
});

test("both ends of a Unix socket learn the other's process and user", async () => {
  const path = join(directory, "s.sock");
  const server = await start(`
    const { peerCredentials } = await import(${JSON.stringify(mod)});
    Bun.listen({ unix: ${JSON.stringify(path)}, socket: {
      open(socket) { socket.write(JSON.stringify(peerCredentials(socket.fd))); }, data() {},
    } });
    console.log(process.pid);
  `);
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = await Bun.connect({ unix: path, socket: { data: (_socket, chunk) => resolve(chunk.toString()) } });
  expect(JSON.parse(await promise)).toEqual({ pid: process.pid, uid: effectiveUserId() });
  const fd = (socket as unknown as { fd: number }).fd;
  expect(peerCredentials(fd)).toEqual({ pid: Number(server.line), uid: effectiveUserId() });
  socket.end();
  await server.kill();
});

test("a failing system call says what was attempted and the error's name", () => {
  const failure = (attempt: () => unknown): CellError => {
    try {
      attempt();
    } catch (error) {
      return error as CellError;
    }
    throw new Error("it did not fail");
  };
  const badLock = failure(() => tryLockExclusive(9999));
  expect(badLock).toBeInstanceOf(CellError);
  expect(badLock.code).toBe("INVALID_ARGUMENT");
  expect(badLock.message).toBe("locking file descriptor 9999: EBADF");
  const fd = openSync(join(directory, "file"), "w");
  expect(failure(() => peerCredentials(fd)).message).toBe(`asking who is behind file descriptor ${fd}: ENOTSOCK`);
  closeSync(fd);
  expect(errnoName(99999)).toBe("errno 99999");
});
