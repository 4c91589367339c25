import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { sourceFile } from "./source_file.ts";

const folder = mkdtempSync(join(tmpdir(), "cell-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "hello.ts"), "");
writeFileSync(join(folder, "notes.txt"), "");
mkdirSync(join(folder, "empty"));

function messageOf(file: string): string {
  try {
    sourceFile(file);
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    expect((error as CellError).code).toBe("INVALID_ARGUMENT");
    return (error as CellError).message;
  }
  throw new Error("expected an error");
}

test("a source file's path is made absolute", () => {
  expect(sourceFile(join(folder, "empty", "..", "hello.ts"))).toBe(join(folder, "hello.ts"));
});

test("a missing file is named as it was given, and a near name is suggested", () => {
  expect(messageOf(join(folder, "helo.ts"))).toBe(
    `reading ${join(folder, "helo.ts")}: there is no such file. Did you mean hello.ts?`,
  );
  expect(messageOf(join(folder, "nowhere", "helo.ts"))).toEndWith("there is no such file.");
});

test("a folder is refused, and a file in it is suggested", () => {
  expect(messageOf(folder)).toContain(`it is a folder. Name a file in it. Did you mean ${join(folder, "hello.ts")}?`);
  expect(messageOf(join(folder, "empty"))).toEndWith("Name a file in it.");
});

test("a file of another kind is refused with the kinds that work", () => {
  expect(messageOf(join(folder, "notes.txt"))).toContain(".ts .tsx .mts");
});

test("a file below a file is an error that names it", () => {
  expect(messageOf(join(folder, "hello.ts", "x.ts"))).toContain("hello.ts/x.ts");
});
