import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, closeSync, fchmodSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KIB } from "../base/mod.ts";
import { memoryFunctions } from "./memory_functions.ts";
import { createSharedMemory, effectiveUserId, openSharedMemory, type SharedMemoryHandle } from "./mod.ts";
import { ADD_SEALS, MEMFD_FLAGS } from "./platform.ts";

const BYTES = 132 * KIB;
const ME = { pid: process.pid, uid: effectiveUserId() };
const linuxTest = test.skipIf(process.platform !== "linux");

let directory: string;
let opened: number[];
let named: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cell-memory-"));
  opened = [];
  named = [];
});
afterEach(() => {
  opened.forEach((fd) => closeSync(fd));
  for (const path of [directory, ...named]) rmSync(path, { recursive: true });
});

function refuse(handle: SharedMemoryHandle, why: string, peer = ME): void {
  expect(() => openSharedMemory(handle, BYTES, peer)).toThrow(
    expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringContaining(why) }),
  );
}

/** A file that `openSharedMemory` is told to be memory. */
function descriptor(path: string, flags = "r+"): { fd: number } {
  const fd = openSync(path, flags);
  opened.push(fd);
  return { fd };
}

function memfd(byteCount: number, seals: number, mode = 0o600): { fd: number } {
  const fd = memoryFunctions().memfd_create(new TextEncoder().encode("test\0"), MEMFD_FLAGS);
  opened.push(fd);
  fchmodSync(fd, mode);
  ftruncateSync(fd, byteCount);
  expect(memoryFunctions().fcntl(fd, ADD_SEALS, seals)).toBe(0);
  return { fd };
}

/** Where shm_open looks for a name, and the name. */
function inShm(): { path: string; name: string } {
  const name = `/cell-${randomBytes(16).toString("base64url")}`;
  const path = join("/dev/shm", name);
  named.push(path);
  return { path, name };
}

const SHRINK = 2;
const GROW = 4;
const WRITE = 8;

linuxTest("a memfd is taken with both seals, and refused while anybody can change its size", () => {
  openSharedMemory(memfd(BYTES, SHRINK | GROW), BYTES, ME).release();
  for (const seals of [0, SHRINK, GROW]) refuse(memfd(BYTES, seals), "a memfd whose size is sealed");
});

linuxTest("a memfd that is too small, too large, or open to others is refused", () => {
  refuse(memfd(BYTES - 1, SHRINK | GROW), `found ${BYTES - 1}`);
  refuse(memfd(BYTES + 1, SHRINK | GROW), `found ${BYTES + 1}`);
  refuse(memfd(0, SHRINK | GROW), "found 0");
  refuse(memfd(BYTES, SHRINK | GROW, 0o644), "found mode 0o644");
});

linuxTest("a memfd that cannot be written is refused", () => {
  expect(() => openSharedMemory(memfd(BYTES, SHRINK | GROW | WRITE), BYTES, ME)).toThrow(
    expect.objectContaining({ code: "PERMISSION_DENIED", message: `mapping ${BYTES} bytes of shared memory: EPERM` }),
  );
});

linuxTest("a file on a disk or in /dev/shm is no memfd", () => {
  const path = join(directory, "file");
  writeFileSync(path, new Uint8Array(BYTES), { mode: 0o600 });
  refuse(descriptor(path), "a memfd whose size is sealed");
  const shared = createSharedMemory(BYTES, "shm_open");
  const { name } = shared.handle as { name: string };
  refuse(descriptor(join("/dev/shm", name)), "a memfd whose size is sealed");
  shared.release();
});

linuxTest("a pipe, a device, a folder or a socket is refused without being opened", async () => {
  const pipe = join(directory, "pipe");
  expect(Bun.spawnSync(["mkfifo", "-m", "600", pipe]).success).toBe(true);
  refuse(descriptor(pipe), "found a file of type 0o10000");
  refuse(descriptor("/dev/null"), "found a file of type 0o20000");
  refuse(descriptor(directory, "r"), "found a file of type 0o40000");
  const server = Bun.listen({ unix: join(directory, "s.sock"), socket: { data() {} } });
  const socket = await Bun.connect({ unix: join(directory, "s.sock"), socket: { data() {} } });
  refuse({ fd: (socket as unknown as { fd: number }).fd }, "found a file of type 0o140000");
  socket.end();
  server.stop(true);
});

linuxTest("descriptors and processes that are none are refused", () => {
  for (const fd of [-1, 0.5, Number.NaN, 2 ** 53, "1/../../environ" as unknown as number]) refuse({ fd }, "of process");
  refuse({ fd: 65_000 }, "found ENOENT");
  refuse({ fd: 0 }, "expected a client in this PID namespace, found one in another", { ...ME, pid: 0 });
  refuse({ fd: 0 }, "found ENOENT", { ...ME, pid: 2 ** 30 });
});

test("names that we never give are refused", () => {
  const random = "A".repeat(22);
  const names = ["", "/", random, `/cell-${random}A`, `/cell-${random.slice(1)}`, `/cell-../${random.slice(3)}`, 7];
  for (const name of names) refuse({ name: name as string }, "found another name");
  refuse({ name: `/cell-${random}\0` }, "found another name");
  refuse({ name: `/cell-${random}` }, "found ENOENT");
});

linuxTest("what lies under a name of ours but is not ours is refused, and a pipe does not hang", () => {
  const pipe = inShm();
  expect(Bun.spawnSync(["mkfifo", "-m", "600", pipe.path]).success).toBe(true);
  refuse(pipe, "found a file of type 0o10000");
  const file = inShm();
  writeFileSync(file.path, new Uint8Array(BYTES), { mode: 0o600 });
  openSharedMemory(file, BYTES, ME).release();
  writeFileSync(file.path, new Uint8Array(BYTES), { mode: 0o600 });
  chmodSync(file.path, 0o666);
  refuse(file, "found mode 0o666");
  const short = inShm();
  writeFileSync(short.path, new Uint8Array(BYTES - 1), { mode: 0o600 });
  refuse(short, `found ${BYTES - 1}`);
});
