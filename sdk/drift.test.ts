import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as sdk from "./mod.ts";

// The type checker takes seconds on a busy machine.
setDefaultTimeout(120_000);

/**
 * `cell.d.ts` is written by hand, since it is what people read in their editors. These programs are type-checked against it
 * and against the code: a difference in either direction is a compile error in one of them.
 */
const PRELUDE = `
/// <reference path=${JSON.stringify(join(import.meta.dir, "cell.d.ts"))} />
type Declared = typeof import("cell");
type Code = typeof import(${JSON.stringify(join(import.meta.dir, "mod.ts"))});
declare const declared: Declared;
declare const code: Code;
`;

const folder = mkdtempSync(join(tmpdir(), "cell-drift-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = join(import.meta.dir, "..");
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: join(root, "tsconfig.json"),
    compilerOptions: { typeRoots: [join(root, "node_modules/@types")], types: ["bun"], noUnusedLocals: false },
    include: ["*.ts"],
  }),
);

/** What the type checker says of a program that follows the prelude. */
function check(program: string): { exitCode: number; output: string } {
  writeFileSync(join(folder, "program.ts"), `${PRELUDE}${program}\nexport {};\n`);
  const checked = Bun.spawnSync([process.execPath, "check", "--no-pretty", "-p", folder], {
    stdout: "pipe",
    stderr: "pipe",
  });
  return { exitCode: checked.exitCode, output: `${checked.stdout}${checked.stderr}` };
}

test("the code is everything that the declaration promises", () => {
  const checked = check("export const promised: Declared = code;");
  expect(checked).toMatchObject({ exitCode: 0 });
});

test("the code exports nothing that the declaration keeps to itself", () => {
  const checked = check("export const kept: Code = declared;");
  expect(checked).toMatchObject({ exitCode: 0 });
  expect(Object.keys(sdk).sort()).toEqual(["CellError", "connect", "context", "method"]);
});

test("errors made by either class are errors of the other", () => {
  const checked = check(`
    export const one: InstanceType<Declared["CellError"]> = new code.CellError("NOT_FOUND", "", { retryable: true });
    export const other: InstanceType<Code["CellError"]> = new declared.CellError("NOT_FOUND", "", { data: 1 });
  `);
  expect(checked).toMatchObject({ exitCode: 0 });
});

test("the check sees a difference", () => {
  for (
    const difference of [
      "export const lacking: Declared = {} as Omit<Code, 'context'>;",
      "export const lacking: Declared = {} as Omit<Code, 'connect'> & { connect(name: number): void };",
      "export const code2: Code['CellError'] = class { constructor(readonly code: string) {} };",
    ]
  ) {
    const checked = check(difference);
    expect(checked.exitCode, checked.output).not.toBe(0);
    expect(checked.output).toContain("program.ts");
  }
});
