import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readIfThere, writeIfChanged } from "./write.ts";

test("a file is only touched when its content changes, and nothing else is left beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "cell-"));
  try {
    const path = join(folder, "deep/file.txt");
    expect(readIfThere(path)).toBeUndefined();
    writeIfChanged(path, "one");
    utimesSync(path, 1, 1);
    writeIfChanged(path, "one");
    expect(statSync(path).mtimeMs).toBe(1000);
    writeIfChanged(path, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(join(folder, "deep"))).toEqual(["file.txt"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a file in the place of a folder is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "cell-"));
  try {
    writeFileSync(join(folder, "file"), "");
    expect(() => writeIfChanged(join(folder, "file/inner"), "x")).toThrow(`writing ${join(folder, "file/inner")}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
