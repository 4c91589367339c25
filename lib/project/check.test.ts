import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { finishSchema } from "../schema/mod.ts";
import { checkFiles } from "./check.ts";
import { writeServiceDeclaration } from "./declarations.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

let folder: string;
let home: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-"));
  home = process.env["CELL_HOME"];
  process.env["CELL_HOME"] = join(folder, "home");
});
afterEach(() => {
  if (home === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = home;
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** A service that adds two numbers, as a check recorded it. */
function recordMath(): void {
  const number = { kind: "number" } as const;
  const schema = finishSchema({
    name: "math",
    methods: { add: { params: [{ name: "a", type: number }, { name: "b", type: number }], result: number } },
    types: {},
  });
  writeServiceDeclaration(folder, "math", schema);
}

const CALLER = (argument: string): string =>
  `import { add } from "cell:math";\nconsole.log(await add(1, ${argument}));\n`;

test("what is right has no problems; the runtime's globals and modules are known without being installed", async () => {
  const file = write(
    "hello.ts",
    `import { readFileSync } from "node:fs";
import { context, type u8 } from "cell";
export async function size(path: string, times: u8 = 1): Promise<number> {
  console.log(Bun.version, process.pid, context().method);
  return times * readFileSync(path).length + (await Bun.file(path).text()).length;
}
`,
  );
  expect(await checkFiles([file])).toEqual({ files: [file], services: [], problems: [] });
  expect(readdirSync(join(folder, ".cell"))).toEqual(["types"]);
});

test("what cannot cross the wire and what does not fit are found at once, each with its place", async () => {
  const file = write(
    "bad.ts",
    `export function save(done: () => void) { done(); }
export function wrong(): number { return "text"; }
`,
  );
  const { problems } = await checkFiles([file]);
  expect(problems.map(({ file, line, code }) => ({ file, line, code }))).toEqual([
    { file, line: 1, code: undefined },
    { file, line: 2, code: "TS2322" },
  ]);
  expect(problems[0]!.hint).toBeDefined();
  expect(problems[1]!.excerpt).toContain('return "text"');
});

test("offline, calls are checked against the recorded schema", async () => {
  recordMath();
  const good = write("good.ts", CALLER("2"));
  const { problems, services } = await checkFiles([good], { offline: true });
  expect(problems).toEqual([]);
  expect(services.map(({ name }) => name)).toEqual(["math"]);
  const bad = write("bad.ts", CALLER('"2"'));
  const checked = await checkFiles([bad], { offline: true });
  expect(checked.problems).toMatchObject([{ file: bad, line: 2, column: 26, code: "TS2345" }]);
});

test("a service that neither runs nor was recorded is a problem of the line that imports it", async () => {
  const file = write("caller.ts", CALLER("2"));
  const offline = await checkFiles([file], { offline: true });
  expect(offline.problems).toMatchObject([{ file, line: 1, column: 21 }]);
  expect(offline.problems[0]!.message).toContain('the types of "cell:math" are unknown');
  expect(offline.problems[0]!.hint).toContain("without --offline");
  // What was recorded does not hide that the service has gone.
  recordMath();
  const online = await checkFiles([file]);
  expect(online.problems).toMatchObject([{ file, line: 1, column: 21 }]);
  expect(online.problems[0]!.hint).toContain("--offline");
});

test("a service that only a comment mentions is no problem", async () => {
  const file = write("hello.ts", '// import { add } from "cell:math";\nexport function one(): number { return 1; }\n');
  expect((await checkFiles([file])).problems).toEqual([]);
});

test("the project's own options are respected, and what is wrong with them is a problem", async () => {
  const file = write("sub/loose.ts", "export function f(x: string | undefined): number { return x.length; }\n");
  write("tsconfig.json", '{ "compilerOptions": { "strict": false } } // comments are fine');
  expect((await checkFiles([file])).problems).toEqual([]);
  expect(existsSync(join(folder, ".cell/types/cell.d.ts"))).toBe(true);
  write("tsconfig.json", '{ "compilerOptions": { "strictt": true } }');
  const { problems } = await checkFiles([file]);
  expect(problems.at(-1)).toMatchObject({ file: join(folder, "tsconfig.json"), line: 1, column: 24 });
  expect(problems.at(-1)!.message).toContain("strictt");
});

test("a project that asks for the types of Bun has them without installing anything", async () => {
  const file = write("hello.ts", "export const version = (): string => Bun.version;\n");
  write("tsconfig.json", '{ "compilerOptions": { "types": ["bun"] } }');
  expect((await checkFiles([file])).problems).toEqual([]);
});

test("files of several projects are checked each with its own", async () => {
  write("a/package.json", "{}");
  write("b/package.json", "{}");
  const files = [
    write("a/x.ts", "export const f = (): number => 1;\n"),
    write("b/y.ts", "export const g = (): number => '';\n"),
  ];
  const { problems } = await checkFiles(files);
  expect(problems).toMatchObject([{ file: files[1], code: "TS2322" }]);
});

test("a file that does not exist ends the check", async () => {
  await expect(checkFiles([join(folder, "none.ts")])).rejects.toThrow("there is no such file");
});
