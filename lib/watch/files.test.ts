import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileWatcher } from "./files.ts";

let folder: string;
let watcher: FileWatcher;
let changes: number;
let wake: () => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-"));
  changes = 0;
  wake = () => {};
  watcher = new FileWatcher(() => {
    changes++;
    wake();
  });
});
afterEach(() => {
  watcher.close();
  rmSync(folder, { recursive: true });
});

/** Resolves with the next change; what the change is made by comes as an argument, so that it cannot come too early. */
async function changeAfter(action: () => void): Promise<void> {
  const changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  action();
  await changed;
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("a file that is written, replaced or removed has changed", async () => {
  const file = write("a.ts", "1");
  watcher.watch([file]);
  await changeAfter(() => write("a.ts", "2"));
  // What most editors do.
  await changeAfter(() => renameSync(write("a.ts.tmp", "3"), file));
  await changeAfter(() => rmSync(file));
  await changeAfter(() => write("a.ts", "4"));
});

test("other files of the folder do not matter, and a burst of writes is one change", async () => {
  const file = write("a.ts", "1");
  watcher.watch([file]);
  await changeAfter(() => {
    for (let n = 0; n < 20; n++) write("other.ts", String(n));
    for (let n = 0; n < 20; n++) write("a.ts", String(n));
  });
  expect(changes).toBe(1);
});

test("the files that are watched can be replaced", async () => {
  mkdirSync(join(folder, "inner"));
  const outer = write("a.ts", "1");
  const inner = write("inner/b.ts", "1");
  watcher.watch([outer]);
  watcher.watch([inner, join(folder, "nowhere/c.ts")]);
  await changeAfter(() => {
    write("a.ts", "2");
    write("inner/b.ts", "2");
  });
  expect(changes).toBe(1);
});
