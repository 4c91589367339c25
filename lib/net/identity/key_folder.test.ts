import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyFolder } from "./key_folder.ts";
import { failingFileSystem } from "./testing/power_failure.ts";

setDefaultTimeout(120_000);

const NAME = "secret";
const MAX = 1_000;
/** Nothing here takes more system calls. */
const CALLS_MAX = 100;
let path: string;
let keys: KeyFolder;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "cell-test-keys-"));
  keys = new KeyFolder(path);
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

test("what was written is read, and is its user's alone whatever the umask", () => {
  const before = process.umask(0);
  try {
    keys.replace(NAME, bytesOf("one"));
    expect(statSync(join(path, NAME)).mode & 0o777).toBe(0o600);
    process.umask(0o777);
    keys.replace(NAME, bytesOf("two"));
    expect(statSync(join(path, NAME)).mode & 0o777).toBe(0o600);
  } finally {
    process.umask(before);
  }
  expect(textOf(keys.read(NAME, MAX))).toBe("two");
  expect(readdirSync(path)).toEqual([NAME]);
});

test("what is not there is not read", () => {
  expect(keys.read(NAME, MAX)).toBeUndefined();
});

test("a file is created once", () => {
  expect(keys.create(NAME, bytesOf("one"))).toBe(true);
  expect(keys.create(NAME, bytesOf("two"))).toBe(false);
  expect(textOf(keys.read(NAME, MAX))).toBe("one");
  expect(readdirSync(path)).toEqual([NAME]);
});

for (const mode of [0o640, 0o604, 0o644, 0o660, 0o666, 0o610]) {
  test(`a file with mode 0${mode.toString(8)} is refused, with what to do about it`, () => {
    keys.replace(NAME, bytesOf("one"));
    chmodSync(join(path, NAME), mode);
    expect(() => keys.read(NAME, MAX)).toThrow(
      `its mode 0${mode.toString(8)} lets other users at this node's key. Expected 0600: run chmod 600 ${
        join(path, NAME)
      }. If ` +
        "somebody may have read it, let this node be revoked and join again.",
    );
  });
}

test("a file that its user only reads is as good", () => {
  keys.replace(NAME, bytesOf("one"));
  chmodSync(join(path, NAME), 0o400);
  expect(textOf(keys.read(NAME, MAX))).toBe("one");
});

test.skipIf(process.geteuid?.() !== 0)("another user's file is refused, also by root", () => {
  keys.replace(NAME, bytesOf("one"));
  chownSync(join(path, NAME), 12_345, 12_345);
  expect(() => keys.read(NAME, MAX)).toThrow("it belongs to user 12345");
});

test.skipIf(process.geteuid?.() === 0)(
  "a folder that cannot be written is an error that says nothing was changed",
  () => {
    chmodSync(path, 0o500);
    expect(() => keys.replace(NAME, bytesOf("one"))).toThrow("Nothing was changed");
    chmodSync(path, 0o700);
  },
);

test("a link, a folder and a pipe are refused, and not waited for", () => {
  const elsewhere = join(path, "elsewhere");
  writeFileSync(elsewhere, "x", { mode: 0o600 });
  symlinkSync(elsewhere, join(path, "link"));
  expect(() => keys.read("link", MAX)).toThrow("expected a file, found a symbolic link");
  mkdirSync(join(path, "folder"));
  expect(() => keys.read("folder", MAX)).toThrow("expected a file, found something else");
  expect(Bun.spawnSync(["mkfifo", "-m", "600", join(path, "pipe")]).success).toBe(true);
  expect(() => keys.read("pipe", MAX)).toThrow("expected a file, found something else");
});

test("a file that is too long is not read", () => {
  writeFileSync(join(path, NAME), new Uint8Array(MAX + 1), { mode: 0o600 });
  expect(() => keys.read(NAME, MAX)).toThrow("expected at most 1000 bytes, found 1001");
});

test("a second name keeps what the first one loses", () => {
  keys.replace(NAME, bytesOf("one"));
  keys.keep(NAME, "kept");
  keys.replace(NAME, bytesOf("two"));
  keys.keep(NAME, "kept");
  expect(textOf(keys.read("kept", MAX))).toBe("one");
  expect(() => keys.keep("nothing", "else")).toThrow("Nothing was changed");
});

test("what a crash left is removed by the next who writes, what another one is writing is not", () => {
  const [old, young, stranger] = [`.${NAME}.old`, `.${NAME}.young`, ".other.old"].map((name) => join(path, name));
  for (const file of [old!, young!, stranger!]) writeFileSync(file, "x");
  for (const file of [old!, stranger!]) utimesSync(file, 1, 1);
  keys.replace(NAME, bytesOf("one"));
  expect(readdirSync(path).sort()).toEqual([".other.old", `.${NAME}.young`, NAME]);
});

test("bytes are on the disk before they get their name, and the name before it is said to be there", () => {
  const fs = failingFileSystem(Number.POSITIVE_INFINITY);
  new KeyFolder(path, fs).replace(NAME, new Uint8Array(250));
  expect(fs.done).toEqual([
    "openSync",
    "fchmodSync",
    "writeSync",
    "writeSync",
    "writeSync",
    "fsyncSync",
    "renameSync",
    "openSync",
    "fsyncSync",
  ]);
});

for (const how of ["replace", "create"] as const) {
  test(`whenever the power fails, ${how} leaves the old or the new and nothing between`, () => {
    const old = how === "replace" ? "o".repeat(250) : undefined;
    const states = new Set<string | undefined>();
    for (let calls = 0; calls < CALLS_MAX; calls++) {
      rmSync(join(path, NAME), { force: true });
      if (old !== undefined) keys.replace(NAME, bytesOf(old));
      const fs = failingFileSystem(calls);
      let isDone = false;
      try {
        new KeyFolder(path, fs)[how](NAME, bytesOf("n".repeat(250)));
        isDone = true;
      } catch {
        // The power is gone; what is there counts.
      }
      const found = textOf(keys.read(NAME, MAX));
      expect([old, "n".repeat(250)]).toContain(found);
      states.add(found);
      if (isDone) break;
    }
    expect(textOf(keys.read(NAME, MAX))).toBe("n".repeat(250));
    expect(states.size).toBe(2);
  });
}

test("a disk that is full is an error, and the old file is still there", () => {
  keys.replace(NAME, bytesOf("one"));
  const full = failingFileSystem(Number.POSITIVE_INFINITY);
  full.writeSync = (() => {
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  }) as typeof full.writeSync;
  expect(() => new KeyFolder(path, full).replace(NAME, bytesOf("two"))).toThrow(
    /no space left on device. Nothing was changed/,
  );
  expect(readFileSync(join(path, NAME), "utf8")).toBe("one");
  expect(readdirSync(path)).toEqual([NAME]);
});
