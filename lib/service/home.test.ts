import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import {
  cacheDirectory,
  dataDirectory,
  existingRunDirectory,
  home,
  keysDirectory,
  logsDirectory,
  packagesDirectory,
  runDirectory,
} from "./home.ts";

let folder: string;
const saved = process.env["CELL_HOME"];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-home-"));
  process.env["CELL_HOME"] = join(folder, "home");
});

afterEach(() => {
  if (saved === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = saved;
  rmSync(folder, { recursive: true, force: true });
});

const isRoot = process.getuid?.() === 0;

function errorOf(run: () => unknown): CellError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    return error as CellError;
  }
  throw new Error("expected an error");
}

test("the home is CELL_HOME, made absolute, and ~/.cell without it", () => {
  process.env["CELL_HOME"] = "relative";
  expect(home()).toBe(join(process.cwd(), "relative"));
  process.env["CELL_HOME"] = "";
  expect(home()).toEndWith("/.cell");
});

test("directories are created for their owner alone", () => {
  const inner = [runDirectory, cacheDirectory, logsDirectory, packagesDirectory, keysDirectory, dataDirectory];
  const paths = [...inner.map((directory) => directory()), dataDirectory("hello"), home()];
  for (const path of paths) expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("looking creates nothing", () => {
  expect(existingRunDirectory()).toBeUndefined();
  expect(() => statSync(home())).toThrow();
  expect(existingRunDirectory()).toBeUndefined();
  const run = runDirectory();
  expect(existingRunDirectory()).toBe(run);
});

test("another user's home is refused with its path and its owner", () => {
  // Root may give a directory away; anybody else finds one of root's.
  if (isRoot) {
    mkdirSync(home());
    chownSync(home(), 65534, 65534);
  } else {
    process.env["CELL_HOME"] = "/usr";
  }
  for (const look of [runDirectory, existingRunDirectory]) {
    const error = errorOf(look);
    expect(error.code).toBe("PERMISSION_DENIED");
    expect(error.message).toContain(`using ${home()}: it belongs to uid ${isRoot ? 65534 : 0} (`);
    expect(error.message).toContain("Set CELL_HOME");
  }
});

test("a home that others may write to is refused", () => {
  mkdirSync(home());
  chmodSync(home(), 0o777);
  const error = errorOf(runDirectory);
  expect(error.code).toBe("PERMISSION_DENIED");
  expect(error.message).toContain("0777");
  expect(error.message).toContain(`chmod 700 ${home()}`);
});

test("a home that others may read is fine, a run directory is not", () => {
  mkdirSync(home(), { mode: 0o755 });
  const run = runDirectory();
  chmodSync(run, 0o750);
  expect(errorOf(runDirectory).message).toContain(`chmod 700 ${run}`);
  expect(errorOf(existingRunDirectory).message).toContain(`chmod 700 ${run}`);
});

test("a file in the way of the home or of the run directory is named", () => {
  writeFileSync(home(), "");
  expect(errorOf(runDirectory).message).toContain(`${home()} as a directory: it is a file`);
  rmSync(home());
  mkdirSync(home());
  writeFileSync(join(home(), "run"), "");
  const error = errorOf(runDirectory);
  expect(error.code).toBe("FAILED_PRECONDITION");
  expect(error.message).toContain(`${join(home(), "run")} as a directory: it is a file`);
});

test("a home below a file says that a file is in the way", () => {
  writeFileSync(join(folder, "file"), "");
  process.env["CELL_HOME"] = join(folder, "file", "home");
  expect(errorOf(runDirectory).message).toContain("a file is in the way");
});

test("a place where nothing can be created is an error that says what to do", () => {
  process.env["CELL_HOME"] = "/proc/cell-home";
  const error = errorOf(runDirectory);
  expect(["FAILED_PRECONDITION", "PERMISSION_DENIED"]).toContain(error.code);
  expect(error.message).toContain("cannot create /proc/cell-home");
  expect(error.message).toContain("Set CELL_HOME");
});

test.skipIf(isRoot)("a read-only parent is refused with its owner", () => {
  chmodSync(folder, 0o500);
  const error = errorOf(runDirectory);
  chmodSync(folder, 0o700);
  expect(error.code).toBe("PERMISSION_DENIED");
  expect(error.message).toContain(folder);
});
