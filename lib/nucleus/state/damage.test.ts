import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CellError } from "../../base/mod.ts";
import { StateStore } from "./mod.ts";
import { fill, pictureOf } from "./testing/contents.ts";
import { StateFolder } from "./testing/state_folder.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

/** Bytes between two that are flipped; CELL_SOAK=1 flips every one. */
const STRIDE = process.env["CELL_SOAK"] === "1" ? 1 : 509;
const HEADER_BYTES = 100;

/** The error of opening the folder's state, which must have changed nothing. */
function refusal(folder: StateFolder): CellError {
  const before = folder.contents();
  let refused: unknown;
  try {
    folder.open({ busyMs: 0 });
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(CellError);
  // Named once, not by every layer that the error passed.
  expect((refused as CellError).message.match(/ing \/[^ ]*state\.db: /g)).toEqual([
    expect.stringContaining(folder.path),
  ]);
  expect(folder.contents()).toEqual(before);
  return refused as CellError;
}

test("a flipped bit anywhere in the file is an error that changes nothing, or changes nothing that is read", () => {
  using original = new StateFolder();
  const store = original.open();
  fill(store, 20);
  const right = pictureOf(store);
  store.close();
  const bytes = readFileSync(original.path);
  using folder = new StateFolder();
  let refused = 0;
  for (let offset = 0; offset < bytes.length; offset += offset < HEADER_BYTES ? 1 : STRIDE) {
    const damaged = Buffer.from(bytes);
    damaged[offset]! ^= [1, 0x80, 0xff][offset % 3]!;
    writeFileSync(folder.path, damaged);
    try {
      using opened = StateStore.open(folder.path, { busyMs: 0 });
      expect(pictureOf(opened), `offset ${offset}`).toEqual(right);
    } catch (error) {
      refused++;
      expect((error as CellError).code, `offset ${offset}`).toBe("DATA_LOSS");
      expect(readFileSync(folder.path).equals(damaged), `offset ${offset}`).toBe(true);
    }
  }
  expect(refused).toBeGreaterThan(10);
});

test("a row whose key was damaged, so that nothing leads to it, is noticed", () => {
  using folder = new StateFolder();
  const store = folder.open();
  fill(store, 3);
  store.close();
  const database = new Database(folder.path);
  database.run("UPDATE instances SET service = 'service-9' WHERE service = 'service-2'");
  database.close();
  expect(refusal(folder)).toMatchObject({ code: "DATA_LOSS" });
});

test("a file that was cut off is an error, unless only space that held nothing is missing", () => {
  using folder = new StateFolder();
  const store = folder.open();
  fill(store, 20);
  const right = pictureOf(store);
  store.close();
  const bytes = readFileSync(folder.path);
  for (let length = 0; length < bytes.length; length += length < 120 ? 15 : 1777) {
    writeFileSync(folder.path, bytes.subarray(0, length));
    try {
      using store = StateStore.open(folder.path, { busyMs: 0 });
      expect(pictureOf(store), `${length} bytes`).toEqual(right);
    } catch (error) {
      expect((error as CellError).code, `${length} bytes`).toBe("DATA_LOSS");
      expect(readFileSync(folder.path).length).toBe(length);
    }
  }
  for (const length of [0, 1, 15, 16, 99, 100, 4095, 4096, 8192]) {
    writeFileSync(folder.path, bytes.subarray(0, length));
    expect(refusal(folder).code, `${length} bytes`).toBe("DATA_LOSS");
  }
});

test("a change is in the database itself when its method has returned: damage of the log costs nothing", () => {
  using folder = new StateFolder();
  const store = folder.open();
  for (const count of [1, 2]) {
    fill(store, count);
    expect(statSync(`${folder.path}-wal`).size).toBe(0);
  }
});

test("a log of changes that nobody has moved yet is read", () => {
  using folder = new StateFolder();
  const store = folder.open();
  // Somebody who reads keeps the log from being emptied.
  const reader = new Database(folder.path, { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT * FROM services").all();
  fill(store, 5);
  expect(statSync(`${folder.path}-wal`).size).toBeGreaterThan(0);
  using copy = new StateFolder();
  for (const suffix of ["", "-wal"]) writeFileSync(copy.path + suffix, readFileSync(folder.path + suffix));
  expect(pictureOf(copy.open())).toEqual(pictureOf(store));
  reader.close();
});

test("what is no database, or one of another program, is refused and left alone", () => {
  using folder = new StateFolder();
  for (
    const content of ["", "hello\n", "x".repeat(10_000), "SQLite format 3\0", `SQLite format 3\0${"\0".repeat(5000)}`]
  ) {
    writeFileSync(folder.path, content);
    const error = refusal(folder);
    expect(error.code).toBe("DATA_LOSS");
    expect(error.message).toContain("Put a backup in its place, or move it");
  }
  rmSync(folder.path);
  const other = new Database(folder.path);
  other.run("CREATE TABLE notes (text TEXT)");
  other.close();
  expect(refusal(folder).message).toContain("it is a database of another program");
  rmSync(folder.path);
  mkdirSync(folder.path);
  expect(() => folder.open()).toThrow("it is not a file");
});

test("tables that are not as they were made are refused", () => {
  for (const change of ["ALTER TABLE services ADD COLUMN more TEXT", "DROP TABLE instances", "CREATE TABLE more (a)"]) {
    using folder = new StateFolder();
    folder.open().close();
    const database = new Database(folder.path);
    database.run(change);
    database.close();
    expect(refusal(folder).code, change).toBe("DATA_LOSS");
  }
});

test("a state that a newer cell wrote is refused, even when its tables are others", () => {
  using folder = new StateFolder();
  folder.open().close();
  const database = new Database(folder.path);
  database.run("UPDATE meta SET format = 2");
  database.run("CREATE TABLE tenants (name TEXT)");
  database.close();
  const error = refusal(folder);
  expect(error.code).toBe("FAILED_PRECONDITION");
  expect(error.message).toContain("It was written by a newer cell: use that one");
});

test("a file or a folder that may not be written is refused, for root too", () => {
  using folder = new StateFolder();
  folder.open().close();
  chmodSync(folder.path, 0o400);
  expect(refusal(folder)).toMatchObject({ code: "FAILED_PRECONDITION" });
  expect(() => folder.open()).toThrow(`it may not be written. Allow it: chmod u+w ${folder.path}`);
  chmodSync(folder.path, 0o600);
  chmodSync(folder.folder, 0o500);
  try {
    expect(() => folder.open()).toThrow(`Allow it: chmod u+rwx ${folder.folder}`);
  } finally {
    chmodSync(folder.folder, 0o700);
  }
  folder.open().close();
});

test.skipIf(process.getuid?.() !== 0)("a file or a folder of another user is refused", () => {
  using folder = new StateFolder();
  folder.open().close();
  chownSync(folder.path, 12345, 12345);
  expect(refusal(folder).message).toContain("it belongs to the user with uid 12345, and this process acts as uid 0");
  chownSync(folder.path, 0, 0);
  chownSync(folder.folder, 12345, 12345);
  expect(() => folder.open()).toThrow("Set CELL_HOME to a directory of your own");
  chownSync(folder.folder, 0, 0);
});

test("a state is only made where there is none, readable for its owner alone, and never empty", () => {
  using folder = new StateFolder();
  expect(() => StateStore.open(join(folder.folder, "missing", "state.db"))).toThrow("Run cell init");
  folder.open();
  expect(statSync(folder.path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.folder).filter((name) => name.includes("new"))).toEqual([]);
  // A link to nowhere is not replaced.
  const link = join(folder.folder, "link.db");
  symlinkSync(join(folder.folder, "nowhere.db"), link);
  expect(() => StateStore.open(link)).toThrow();
  expect(existsSync(join(folder.folder, "nowhere.db"))).toBe(false);
});
