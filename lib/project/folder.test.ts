import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "./folder.ts";

test("a project begins at the nearest folder with a tsconfig.json, a package.json or types", () => {
  const root = mkdtempSync(join(tmpdir(), "cell-"));
  try {
    const inner = join(root, "a/b/c");
    mkdirSync(inner, { recursive: true });
    const file = join(inner, "hello.ts");
    expect(projectFolder(file)).toBe(inner);
    writeFileSync(join(root, "package.json"), "{}");
    expect(projectFolder(file)).toBe(root);
    mkdirSync(join(root, "a/.cell/types"), { recursive: true });
    expect(projectFolder(file)).toBe(join(root, "a"));
    writeFileSync(join(root, "a/b/tsconfig.json"), "{}");
    expect(projectFolder(file)).toBe(join(root, "a/b"));
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("the home of Cell, a .cell without types, marks no project", () => {
  const root = mkdtempSync(join(tmpdir(), "cell-"));
  try {
    mkdirSync(join(root, ".cell/run"), { recursive: true });
    mkdirSync(join(root, "inner"));
    expect(projectFolder(join(root, "inner/hello.ts"))).toBe(join(root, "inner"));
  } finally {
    rmSync(root, { recursive: true });
  }
});
