import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DirectoryMemory, SETTLED_MS } from "./directory_memory.ts";

const NOW = Date.UTC(2026, 10, 21);

/** A folder whose last change is as old as a test wants, and how often somebody looked into it. */
class Folder implements Disposable {
  readonly parent = mkdtempSync(join(tmpdir(), "cell-test-memory-"));
  readonly path = join(this.parent, "run");
  readonly memory = new DirectoryMemory<string[]>(() => NOW);
  looks = 0;

  constructor() {
    mkdirSync(this.path);
    this.age(SETTLED_MS);
  }

  age(ageMs: number): void {
    const changed = new Date(NOW - ageMs);
    utimesSync(this.path, changed, changed);
  }

  list(key = "all"): string[] {
    return this.memory.recall(this.path, key, () => {
      this.looks++;
      return readdirSync(this.path);
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.parent, { recursive: true, force: true });
  }
}

test("a directory that does not change is looked into once for everything that is asked", () => {
  using folder = new Folder();
  for (let time = 0; time < 10; time++) expect(folder.list()).toBe(folder.list());
  expect(folder.looks).toBe(1);
  folder.list("other");
  expect(folder.looks).toBe(2);
});

test("what comes, goes or is renamed is seen", () => {
  using folder = new Folder();
  folder.list();
  writeFileSync(join(folder.path, "a"), "");
  expect(folder.list()).toEqual(["a"]);
  folder.age(2 * SETTLED_MS);
  folder.list();
  renameSync(join(folder.path, "a"), join(folder.path, "b"));
  expect(folder.list()).toEqual(["b"]);
  folder.age(3 * SETTLED_MS);
  folder.list();
  rmSync(join(folder.path, "b"));
  expect(folder.list()).toEqual([]);
});

test("a change right after a change is seen although the time of the directory is the same", () => {
  using folder = new Folder();
  folder.age(SETTLED_MS - 1);
  folder.list();
  writeFileSync(join(folder.path, "a"), "");
  folder.age(SETTLED_MS - 1);
  expect(folder.list()).toEqual(["a"]);
});

test("nothing is remembered of a directory whose last change is still to come", () => {
  using folder = new Folder();
  folder.age(-SETTLED_MS);
  folder.list();
  writeFileSync(join(folder.path, "a"), "");
  folder.age(-SETTLED_MS);
  expect(folder.list()).toEqual(["a"]);
});

test("another directory under the same path is looked into", () => {
  using folder = new Folder();
  folder.list();
  renameSync(folder.path, join(folder.parent, "before"));
  mkdirSync(folder.path);
  writeFileSync(join(folder.path, "a"), "");
  folder.age(SETTLED_MS);
  expect(folder.list()).toEqual(["a"]);
});

test("what cannot be read is not remembered as empty", () => {
  using folder = new Folder();
  rmSync(folder.path, { recursive: true });
  expect(() => folder.list()).toThrow("ENOENT");
});
