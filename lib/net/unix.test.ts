import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { effectiveUserId } from "../sys/mod.ts";
import { beginFrame, endFrame, type Frame, Kind } from "../wire/mod.ts";
import { dialUnix, type Link, type Listener, listenUnix, type ListenUnixOptions } from "./mod.ts";
import { isTrusted } from "./unix.ts";

// Some tests start processes.
setDefaultTimeout(120_000);

let folder: string;
const listeners: Listener[] = [];
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "cell-net-"))));
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
  rmSync(folder, { recursive: true });
});

async function listen(path: string, options: Partial<ListenUnixOptions> = {}): Promise<Listener> {
  const listener = await listenUnix(path, { onLink: echo, ...options });
  listeners.push(listener);
  return listener;
}

/** Sends every frame back. */
function echo(link: Link): void {
  link.start({
    onFrame: ({ kind, method, callId, bytes, start, end }) => {
      const at = beginFrame(link.writer, kind, 0, method, callId, 0, 0);
      link.writer.append(bytes.subarray(start, end));
      endFrame(link.writer, at);
      link.commit();
    },
    onOversized: () => {},
    onViolation: (error) => link.close(error),
    onWritable: () => {},
    onClose: () => {},
  }, 1000);
}

/** Sends one frame and gives the answer's payload. */
function ask(link: Link, payload: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  link.start({
    onFrame: ({ bytes, start, end }: Frame) => resolve(bytes.slice(start, end)),
    onOversized: () => reject(new Error("oversized")),
    onViolation: reject,
    onWritable: () => {},
    onClose: (error) => reject(error ?? new Error("closed")),
  }, 1000);
  const at = beginFrame(link.writer, Kind.request, 0, 0, 1, 0, 0);
  link.writer.append(payload);
  endFrame(link.writer, at);
  link.commit();
  return promise;
}

async function failure(attempt: Promise<unknown>): Promise<CellError> {
  const error = await attempt.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

async function expectEcho(path: string, options: Parameters<typeof dialUnix>[1] = {}): Promise<void> {
  const link = await dialUnix(path, options);
  expect(await ask(link, Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  link.destroy();
}

test("a socket is its owner's alone, appears when it listens, and goes when it closes", async () => {
  const path = join(folder, "a.sock");
  const listener = await listen(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["a.sock"]);
  await expectEcho(path);
  await listener.close();
  expect(readdirSync(folder)).toEqual([]);
});

test("both sides know who the other is", async () => {
  const path = join(folder, "a.sock");
  const accepted = Promise.withResolvers<Link>();
  await listen(path, { onLink: accepted.resolve });
  const link = await dialUnix(path);
  const self = { kind: "process" as const, uid: effectiveUserId(), pid: process.pid };
  expect(link.peer).toEqual(self);
  expect((await accepted.promise).peer).toEqual(self);
  link.destroy();
});

/** Whether a symbolic link to `target` lies at `path`. */
function leadsTo(target: string, path: string): boolean {
  try {
    return readlinkSync(path) === target;
  } catch {
    return false;
  }
}

// The symbolic link lies in the folder for temporary files, whose own name may be half as long as what fits.
for (const [shortening, nameLength] of [["descriptor", 63], ["symlink", 20]] as const) {
  test(`a path longer than sockaddr_un is reached through a ${shortening}`, async () => {
    const deep = join(folder, "x".repeat(100), "y".repeat(100));
    mkdirSync(deep, { recursive: true });
    const name = `${"n".repeat(nameLength)}.sock`;
    const path = join(deep, name);
    const open = readdirSync("/proc/self/fd").length;
    await listen(path, { shortening });
    await expectEcho(path, { shortening });
    expect(readdirSync(deep)).toEqual([name]);
    expect(readdirSync(tmpdir()).filter((name) => leadsTo(deep, join(tmpdir(), name, "d")))).toEqual([]);
    // The listener, its accepted socket and nothing else.
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(open + 3);
  });
}

test("a file name that no shortening helps is refused", async () => {
  const open = readdirSync("/proc/self/fd").length;
  const error = await failure(listenUnix(join(folder, `${"n".repeat(120)}.sock`), { onLink: echo }));
  expect(readdirSync("/proc/self/fd").length).toBe(open);
  expect(error.code).toBe("INVALID_ARGUMENT");
  expect(error.message).toContain("is too long");
});

test("connecting says what is wrong with the path", async () => {
  const missing = await failure(dialUnix(join(folder, "none.sock")));
  expect([missing.code, missing.data]).toEqual(["NOT_FOUND", { errno: "ENOENT", started: false }]);
  writeFileSync(join(folder, "file"), "");
  expect((await failure(dialUnix(join(folder, "file")))).code).toBe("UNAVAILABLE");
  expect((await failure(listenUnix(join(folder, "nowhere", "a.sock"), { onLink: echo }))).code).toBe("NOT_FOUND");
});

test("the socket of a process that was killed is UNAVAILABLE, and listening replaces it", async () => {
  const path = join(folder, "stale.sock");
  const code = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, 9)`;
  await Bun.spawn([process.execPath, "-e", code], { stdout: "ignore", stderr: "ignore" }).exited;
  const error = await failure(dialUnix(path));
  expect([error.code, error.retryable, error.data]).toEqual([
    "UNAVAILABLE",
    true,
    { errno: "ECONNREFUSED", started: false },
  ]);
  await listen(path);
  await expectEcho(path);
});

test("closing leaves the socket of a process that has taken the path over", async () => {
  const path = join(folder, "a.sock");
  const first = await listen(path);
  await listen(path);
  await first.close();
  await expectEcho(path);
});

test("the same user and root are trusted, others are not", () => {
  expect([isTrusted(1000, 1000), isTrusted(0, 1000), isTrusted(0, 0)]).toEqual([true, true, true]);
  expect([isTrusted(1001, 1000), isTrusted(1000, 0)]).toEqual([false, false]);
});

// Only root can become another user in order to be refused.
test.skipIf(process.geteuid?.() !== 0)(
  "another user is refused before a byte of it is read, and told why",
  async () => {
    const path = join(folder, "a.sock");
    const refused = Promise.withResolvers<CellError>();
    let links = 0;
    await listen(path, { onLink: () => void links++, onRefused: refused.resolve });
    chmodSync(folder, 0o755);
    chmodSync(path, 0o666);
    const code = `
    import os, socket, sys
    os.setuid(65534)
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    answer = b""
    while True:
      part = s.recv(65536)
      if not part: break
      answer += part
    print(answer[4], b"permission" in answer)
  `.replaceAll("\n    ", "\n");
    const child = Bun.spawn(["python3", "-c", code, path], { stdout: "pipe", stderr: "inherit" });
    expect(await child.stdout.text()).toBe("10 True\n");
    expect((await refused.promise).message).toContain("it runs as user 65534, the service as user 0");
    expect(links).toBe(0);
  },
);

test("a connection that is torn down with bytes unread ends with an error, one that is closed in order without", async () => {
  const path = join(folder, "a.sock");
  for (const torn of [true, false]) {
    const accepted = Promise.withResolvers<Link>();
    const listener = await listen(path, { onLink: accepted.resolve });
    const link = await dialUnix(path);
    const serverLink = await accepted.promise;
    const closed = Promise.withResolvers<CellError | undefined>();
    link.start({
      onFrame: () => {},
      onOversized: () => {},
      onViolation: () => {},
      onWritable: () => {},
      onClose: closed.resolve,
    }, 1000);
    if (torn) {
      serverLink.pause();
      endFrame(link.writer, beginFrame(link.writer, Kind.ping, 0, 0, 1, 0, 0));
      link.commit();
      link.flush();
    }
    serverLink.destroy();
    const error = await closed.promise;
    if (torn) expect(error).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("ECONNRESET") });
    else expect(error).toBeUndefined();
    await listener.close();
  }
});

test("what arrives before a link is started is not lost", async () => {
  const path = join(folder, "a.sock");
  const accepted = Promise.withResolvers<Link>();
  await listen(path, { onLink: accepted.resolve });
  const link = await dialUnix(path);
  const answer = ask(link, Uint8Array.of(9));
  const serverLink = await accepted.promise;
  // Wait until the bytes are there: the socket has been paused by then.
  while ((serverLink as unknown as { early: unknown[] }).early.length === 0) await Bun.sleep(1);
  echo(serverLink);
  expect(await answer).toEqual(Uint8Array.of(9));
  link.destroy();
});
