import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ourImports } from "./imported_services.ts";

const folder = mkdtempSync(join(tmpdir(), "cell-imports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

beforeAll(() => {
  mkdirSync(join(folder, "deep"));
  write("deep/index.ts", 'export { x } from "cell:five";');
});

test("static, type-only, dynamic, side-effect and re-exporting imports are found", () => {
  const file = write(
    "all.ts",
    `import { a } from "cell:one";
import type { B } from 'cell:two';
import "cell:three";
export * from "cell:four-4";
export { x } from "./deep";
const six = await import("cell:six");
import {
  y,
} from "cell:seven";
`,
  );
  expect([...ourImports(file).services].sort()).toEqual(["five", "four-4", "one", "seven", "six", "three", "two"]);
  expect(ourImports(file).isDirect).toBe(true);
});

test("relative imports are followed with and without extension, and around cycles", () => {
  const file = write("a.ts", 'import "./b";\n');
  write("b.ts", 'import "./c.ts"; import "./a.ts";\n');
  write("c.ts", 'import { z } from "cell:far";\nimport "./gone.ts";\n');
  expect([...ourImports(file).services]).toEqual(["far"]);
  expect(ourImports(file).isDirect).toBe(false);
  expect([...ourImports(file).files].map((path) => basename(path))).toEqual(["a.ts", "b.ts", "c.ts"]);
});

test("a file that imports only the SDK imports from us, but no service", () => {
  const file = write("sdk.ts", 'import { connect } from "cell";\n');
  expect(ourImports(file)).toEqual({ services: new Set(), isDirect: true, files: new Set([file]) });
});

test("other imports and invalid names are left alone", () => {
  const file = write("other.ts", 'import x from "cellar"; import y from "node:fs"; import z from "cell:Not Valid";\n');
  expect([...ourImports(file).services]).toEqual([]);
});
