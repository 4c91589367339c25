import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { errnoName } from "./errno.ts";
import { effectiveUserId, peerCredentials, redirect, tryLockExclusive } from "./mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

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
  expect(failure(() => redirect(9999, 9998)).message).toBe("making file descriptor 9998 a copy of 9999: EBADF");
  const fd = openSync(join(directory, "file"), "w");
  expect(failure(() => peerCredentials(fd)).message).toBe(`asking who is behind file descriptor ${fd}: ENOTSOCK`);
  closeSync(fd);
  expect(errnoName(99999)).toBe("errno 99999");
});

/** What a process prints that executes itself anew: a first life with `before`, a second one with `after`. */
async function twoLives(before: string, after: string): Promise<string[]> {
  const script = join(directory, "lives.ts");
  writeFileSync(
    script,
    `
    import { execute, inheritable, reapChild, releaseSignals, tryLockExclusive } from ${JSON.stringify(mod)};
    import { fstatSync, openSync, readdirSync } from "node:fs";
    const lock = ${JSON.stringify(join(directory, "lock"))};
    const again = (env = {}, ...args: string[]) => execute({
      command: [process.execPath, process.argv[1]!, ...args], env: { ...process.env, SECOND: "1", ...env },
      ignoredSignals: ["SIGHUP"], heldSignals: ["SIGTERM"],
    });
    if (process.env["SECOND"] === undefined) {
      ${before}
    } else {
      ${after}
    }
  `,
  );
  const child = Bun.spawn([process.execPath, script], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const lines = (await child.stdout.text()).trim().split("\n");
  expect(await child.exited).toBe(0);
  return [String(child.pid), ...lines];
}

test("a program that is executed keeps the pid, its arguments and environment, and the lock that it was given", async () => {
  const [pid, ...lines] = await twoLives(
    `const fd = openSync(lock, "w");
     console.log(process.pid, tryLockExclusive(fd));
     again({ TEXT: "two\\nlines" }, "a b", "", String(inheritable(fd).fd));`,
    `const [, , spaced, empty, fd] = process.argv;
     console.log(process.pid, JSON.stringify([spaced, empty, process.env["TEXT"]]));
     console.log(tryLockExclusive(openSync(lock, "r+")), fstatSync(Number(fd)).isFile());`,
  );
  expect(lines).toEqual([`${pid} true`, `${pid} ["a b","","two\\nlines"]`, "false true"]);
});

test("children of the program before are reaped with their exit code or signal", async () => {
  const [, ...lines] = await twoLives(
    `const code = Bun.spawn(["sh", "-c", "exit 7"]).pid;
     const signal = Bun.spawn(["sh", "-c", "kill -9 $$"]).pid;
     const running = Bun.spawn(["sleep", "60"]).pid;
     again({}, String(code), String(signal), String(running));`,
    `const [code, signal, running] = process.argv.slice(2).map(Number);
     const ended = async (pid: number) => {
       for (;;) { const status = reapChild(pid); if (status !== "running") return status; await Bun.sleep(1); }
     };
     console.log(JSON.stringify(await ended(code!)), reapChild(code!));
     console.log(JSON.stringify(await ended(signal!)));
     console.log(reapChild(running!));
     process.kill(running!, "SIGTERM");
     console.log(JSON.stringify(await ended(running!)));`,
  );
  expect(lines).toEqual([
    '{"code":7,"signal":null} foreign',
    '{"code":null,"signal":"SIGKILL"}',
    "running",
    '{"code":null,"signal":"SIGTERM"}',
  ]);
});

test("a signal that arrives before the new program handles it does not end it", async () => {
  const [, ...lines] = await twoLives(
    `process.on("SIGHUP", () => console.log("first"));
     again();`,
    `process.kill(process.pid, "SIGHUP");
     process.on("SIGHUP", () => { console.log("second"); process.exit(0); });
     process.kill(process.pid, "SIGHUP");
     setTimeout(() => console.log("lost"), 5000);`,
  );
  expect(lines).toEqual(["second"]);
});

test("a signal that is held waits until the new program takes it", async () => {
  const [, ...lines] = await twoLives(
    `again();`,
    `process.kill(process.pid, "SIGTERM");
     process.on("SIGTERM", () => { console.log("taken"); process.exit(0); });
     releaseSignals(["SIGTERM"]);
     setTimeout(() => console.log("lost"), 5000);`,
  );
  expect(lines).toEqual(["taken"]);
});

test("a program that cannot be executed is an error, and this one goes on as before", async () => {
  const [, ...lines] = await twoLives(
    `process.on("SIGHUP", () => { console.log("alive"); process.exit(0); });
     try {
       execute({ command: ["/nonexistent", "x"], env: {}, ignoredSignals: ["SIGHUP"], heldSignals: ["SIGTERM"] });
     } catch (error) {
       console.log((error as Error).message);
     }
     process.on("SIGTERM", () => { console.log("also"); process.kill(process.pid, "SIGHUP"); });
     process.kill(process.pid, "SIGTERM");
     setTimeout(() => console.log("lost"), 5000);`,
    "",
  );
  expect(lines).toEqual(["executing /nonexistent with 1 arguments: ENOENT", "also", "alive"]);
});

test("a pipe whose reader has gone is told from one that is read", async () => {
  const code = `import { isHungUp } from ${JSON.stringify(mod)};
    console.error(isHungUp(1));
    console.log("read this");
    while (!isHungUp(1)) await Bun.sleep(1);
    console.error("gone");`;
  // A pipe of the shell: what the runtime gives a child as stdout is a socket. read ends after the line.
  const shell = Bun.spawn(["bash", "-c", '"$0" -e "$1" | read', process.execPath, code], {
    stdin: "ignore",
    stderr: "pipe",
  });
  expect(await shell.stderr.text()).toBe("false\ngone\n");

  const socket = Bun.spawn([process.execPath, "-e", code], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const reader = socket.stdout.getReader();
  await reader.read();
  await reader.cancel();
  expect(await socket.stderr.text()).toBe("false\ngone\n");
});
