import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, fstatSync, ftruncateSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { KIB, MIB } from "../base/mod.ts";
import {
  createSharedMemory,
  effectiveUserId,
  openSharedMemory,
  type SharedMemory,
  type SharedMemoryHandle,
  type SharedMemoryKind,
} from "./mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const BYTES = 132 * KIB;
const ME = { pid: process.pid, uid: effectiveUserId() };
const IS_LINUX = process.platform === "linux";
const KINDS: SharedMemoryKind[] = IS_LINUX ? ["memfd", "shm_open"] : ["shm_open"];

const created: SharedMemory[] = [];
afterEach(() => created.splice(0).forEach((memory) => memory.release()));

function create(kind: SharedMemoryKind, byteCount = BYTES): SharedMemory {
  const memory = createSharedMemory(byteCount, kind);
  created.push(memory);
  return memory;
}

function open(handle: SharedMemoryHandle, byteCount = BYTES): SharedMemory {
  const memory = openSharedMemory(handle, byteCount, ME);
  created.push(memory);
  return memory;
}

/** Where a handle's name is on Linux. */
function fileOf({ handle }: SharedMemory): string {
  return join("/dev/shm", (handle as { name: string }).name);
}

/** A process that runs code with everything of this room in scope. */
function start(code: string, wrapper: string[] = []) {
  const imports = `import * as fs from "node:fs";
    import * as sys from ${JSON.stringify(join(import.meta.dir, "mod.ts"))};
    const ME = { pid: process.pid, uid: process.geteuid() };
    const maps = () => fs.readFileSync("/proc/self/maps", "utf8").match(/memfd:cell|shm.cell-/g)?.length ?? 0;\n`;
  return Bun.spawn([...wrapper, process.execPath, "-e", imports + code], { stdin: "pipe", stdout: "pipe" });
}

async function output(code: string, wrapper: string[] = []): Promise<string[]> {
  const child = start(code, wrapper);
  const text = await child.stdout.text();
  expect(await child.exited).toBe(0);
  return text.trim().split("\n");
}

for (const kind of KINDS) {
  test(`${kind}: another process of the user sees what is written here, and the other way round`, async () => {
    const memory = create(kind);
    memory.allocate(0, BYTES);
    const words = new Int32Array(memory.buffer);
    expect(words.every((word) => word === 0)).toBe(true);
    words[0] = 41;
    const peer = start(`
      const handle = ${JSON.stringify(memory.handle)};
      const memory = sys.openSharedMemory(handle, ${BYTES}, { pid: ${process.pid}, uid: process.geteuid() });
      const words = new Int32Array(memory.buffer);
      Atomics.add(words, 0, 1);
      Atomics.store(words, words.length - 1, 7);
      console.log("ready");
      for await (const _ of process.stdin);
      console.log(Atomics.load(words, 1));
    `);
    const reader = peer.stdout.getReader();
    await reader.read();
    expect([Atomics.load(words, 0), Atomics.load(words, words.length - 1)]).toEqual([42, 7]);
    Atomics.store(words, 1, 99);
    peer.stdin.end();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("99\n");
    expect(await peer.exited).toBe(0);
  });

  test(`${kind}: who releases memory keeps readable views, and the peer keeps what was in it`, () => {
    const memory = create(kind);
    const peer = open(memory.handle);
    const view = new Uint8Array(memory.buffer);
    view.fill(1);
    memory.release();
    memory.release();
    expect([view[0], view[BYTES - 1]]).toEqual([0, 0]);
    view[0] = 2;
    expect(new Uint8Array(peer.buffer).every((byte) => byte === 1)).toBe(true);
  });

  test.skipIf(!IS_LINUX)(`${kind}: nothing of it is left in a process that has released it`, async () => {
    const lines = await output(`
      const before = [maps(), fs.readdirSync("/proc/self/fd").length];
      const memory = sys.createSharedMemory(${BYTES}, "${kind}");
      const other = sys.openSharedMemory(memory.handle, ${BYTES}, ME);
      const view = new Uint8Array(memory.buffer);
      console.log(maps() - before[0]);
      memory.release(); other.release();
      console.log(maps() - before[0], fs.readdirSync("/proc/self/fd").length - before[1], view[0]);
    `);
    expect(lines).toEqual(["2", "0 0 0"]);
  });

  test.skipIf(!IS_LINUX)(`${kind}: it stays mapped while a view is reachable, and no longer`, async () => {
    const lines = await output(`
      const mapped = () => {
        const memory = sys.createSharedMemory(${BYTES}, "${kind}");
        memory.unlink();
        return new Uint8Array(memory.buffer, 8);
      };
      globalThis.view = mapped();
      for (let index = 0; index < 20; index++) mapped();
      const settle = async (count) => {
        for (let turn = 0; turn < 500 && maps() !== count; turn++) { Bun.gc(true); await Bun.sleep(1); }
        return maps();
      };
      console.log(await settle(1));
      view[0] = 5;
      console.log(view[0]);
      delete globalThis.view;
      console.log(await settle(0));
    `);
    expect(lines).toEqual(["1", "5", "0"]);
  });

  test(`${kind}: memory of another size than was said is refused`, () => {
    const memory = create(kind);
    for (const byteCount of [BYTES - 64 * KIB, BYTES + 64 * KIB]) {
      expect(() => open(memory.handle, byteCount)).toThrow(`expected ${byteCount} bytes, found ${BYTES}`);
    }
  });

  test(`${kind}: a peer of another user is refused before anything is looked at`, () => {
    const memory = create(kind);
    const stranger = { pid: process.pid, uid: ME.uid + 1 };
    expect(() => openSharedMemory(memory.handle, BYTES, stranger)).toThrow(
      expect.objectContaining({ code: "PERMISSION_DENIED", message: expect.stringContaining(`of user ${ME.uid + 1}`) }),
    );
  });

  test.skipIf(!IS_LINUX)(
    `${kind}: a size that the kernel refuses is an error with its name, and leaves nothing`,
    async () => {
      const lines = await output(
        `const before = fs.readdirSync("/proc/self/fd").length;
       try { sys.createSharedMemory(${BYTES}, "${kind}"); } catch (error) { console.log(error.code, error.message); }
       console.log(maps(), fs.readdirSync("/proc/self/fd").length - before);`,
        // No file may have more than some hundred bytes.
        ["sh", "-c", 'ulimit -f 1 && exec "$0" "$@"'],
      );
      expect(lines).toEqual([`RESOURCE_EXHAUSTED creating ${BYTES} bytes of shared memory: EFBIG`, "0 0"]);
    },
  );

  // Becoming somebody else takes root.
  test.skipIf(!IS_LINUX || ME.uid !== 0)(`${kind}: another user's process cannot open it`, async () => {
    const memory = create(kind);
    const path = "fd" in memory.handle ? `/proc/${process.pid}/fd/${memory.handle.fd}` : fileOf(memory);
    const lines = await output(
      `
      const attempt = (action) => { try { return "opened " + action(); } catch (error) { return error.code; } };
      const handle = ${JSON.stringify(memory.handle)};
      const peer = { pid: ${process.pid}, uid: process.geteuid() };
      console.log(process.geteuid(), attempt(() => sys.openSharedMemory(handle, ${BYTES}, peer)));
      console.log(attempt(() => fs.openSync(${JSON.stringify(path)}, "r")));
      `,
      ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    );
    expect(lines).toEqual(["65534 PERMISSION_DENIED", "EACCES"]);
  });

  // The other way round: root may open everything, and must not take it.
  test.skipIf(!IS_LINUX || ME.uid !== 0)(`${kind}: root does not take another user's memory`, async () => {
    const user = start(
      `const memory = sys.createSharedMemory(${BYTES}, "${kind}");
       console.log(JSON.stringify(memory.handle));
       for await (const _ of process.stdin);
       memory.release();`,
      ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    );
    const { value } = await user.stdout.getReader().read();
    const handle = JSON.parse(new TextDecoder().decode(value)) as SharedMemoryHandle;
    expect(() => openSharedMemory(handle, BYTES, { pid: user.pid, uid: 0 })).toThrow(
      expect.objectContaining({ code: "PERMISSION_DENIED", message: expect.stringContaining("memory of user 65534") }),
    );
    user.stdin.end();
    await user.exited;
  });
}

test.skipIf(!IS_LINUX)("memfd: is what Linux takes, has no name, and its size is fixed for ever", () => {
  const memory = createSharedMemory(BYTES);
  created.push(memory);
  const { fd } = memory.handle as { fd: number };
  expect(() => ftruncateSync(fd, 0)).toThrow("EPERM");
  expect(() => ftruncateSync(fd, 2 * BYTES)).toThrow("EPERM");
  expect(fstatSync(fd)).toMatchObject({ nlink: 0, size: BYTES });
  // O_CLOEXEC: it is no business of the programs that this one starts.
  const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))![1]!;
  expect(Number.parseInt(flags, 8) & 0o2000000).not.toBe(0);
});

test.skipIf(!IS_LINUX)("memfd: only what is allocated takes memory, and nothing can be after the release", () => {
  const memory = create("memfd", 2 * MIB);
  const { fd } = memory.handle as { fd: number };
  const allocatedBytes = () => fstatSync(fd).blocks * 512;
  expect(allocatedBytes()).toBe(0);
  memory.allocate(0, 64 * KIB);
  expect(allocatedBytes()).toBe(64 * KIB);
  open(memory.handle, 2 * MIB).allocate(MIB, 64 * KIB);
  expect(allocatedBytes()).toBe(128 * KIB);
  expect(() => memory.allocate(2 * MIB, 1)).toThrow("the range is inside the memory");
  memory.release();
  expect(() => memory.allocate(0, 64 * KIB)).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
});

test.skipIf(!IS_LINUX)("shm_open: is allocated whole, and gone from /dev/shm when either side says so", () => {
  for (const side of ["creator", "opener"]) {
    const memory = create("shm_open");
    expect(statSync(fileOf(memory))).toMatchObject({ uid: ME.uid, size: BYTES, blocks: BYTES / 512 });
    expect(statSync(fileOf(memory)).mode & 0o777).toBe(0o600);
    const peer = open(memory.handle);
    (side === "creator" ? memory : peer).unlink();
    expect(existsSync(fileOf(memory))).toBe(false);
    memory.unlink();
    peer.unlink();
    expect(() => open(memory.handle)).toThrow("found ENOENT");
    new Uint8Array(memory.buffer)[5] = 6;
    expect(new Uint8Array(peer.buffer)[5]).toBe(6);
  }
});

test.skipIf(!IS_LINUX)("shm_open: who is killed after both have it leaves nothing, by name or in memory", async () => {
  const child = start(`
    const memory = sys.createSharedMemory(${BYTES}, "shm_open");
    console.log(JSON.stringify(memory.handle));
    for await (const _ of process.stdin);
  `);
  const { value } = await child.stdout.getReader().read();
  const memory = openSharedMemory(JSON.parse(new TextDecoder().decode(value)), BYTES, { ...ME, pid: child.pid });
  created.push(memory);
  expect(existsSync(fileOf(memory))).toBe(true);
  memory.unlink();
  child.kill("SIGKILL");
  await child.exited;
  expect(existsSync(fileOf(memory))).toBe(false);
  expect(new Uint8Array(memory.buffer).fill(3).at(-1)).toBe(3);
});

// A file system of the test's own takes a namespace of its own, which some systems forbid to ordinary users.
const canMount = IS_LINUX && Bun.spawnSync(["unshare", "-rm", "true"]).success;
test.skipIf(!canMount)(
  "shm_open: a full file system is an error with its name, and not the process's end",
  async () => {
    const lines = await output(
      `
    try {
      sys.createSharedMemory(${BYTES}, "shm_open");
    } catch (error) {
      console.log(error.code, error.message, error.data.errno);
    }
    console.log(fs.readdirSync("/dev/shm").length, fs.readdirSync("/proc/self/fd").map((fd) => {
      try { return fs.readlinkSync("/proc/self/fd/" + fd); } catch { return ""; }
    }).filter((path) => path.includes("cell-")).length);
    const small = sys.createSharedMemory(4096, "shm_open");
    console.log(new Uint8Array(small.buffer).fill(1).length);
    `,
      ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=64k cell-test /dev/shm && exec "$0" "$@"'],
    );
    expect(lines).toEqual([
      `RESOURCE_EXHAUSTED allocating ${BYTES} bytes of shared memory: ENOSPC ENOSPC`,
      "0 0",
      "4096",
    ]);
  },
);
