import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { SchemaErrors } from "../schema/typescript/mod.ts";
import { readSource } from "../service/mod.ts";
import { TestHome } from "../service/testing/mod.ts";
import { buildPackage, openPackage } from "./mod.ts";
import { FullDisk } from "./testing/full_disk.ts";
import { rejection } from "./testing/rejection.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

const HELLO = "export function greet(name: string) { return `Hello, ${name}!`; }\n";

/** What lies in packages/ of a test's home. */
function stored(place: TestHome): string[] {
  const packages = join(place.home, "packages");
  return existsSync(packages) ? readdirSync(packages) : [];
}

test("a file becomes a package that is found by its hash", async () => {
  await using place = new TestHome();
  const file = place.write("hello.ts", HELLO);
  const built = await buildPackage(file);
  expect(built).toMatchObject({ service: "hello", isNew: true, config: {}, warnings: [] });
  expect(built.path).toBe(join(place.home, "packages", built.sha256));
  const opened = await openPackage(built.sha256);
  expect(opened.schema).toEqual(built.schema);
  expect(opened.manifest).toMatchObject({ service: "hello", entry: "hello.ts", species: built.species });
  const module = await import(opened.entry);
  expect(module.greet("Ada")).toBe("Hello, Ada!");
});

test("a package is closed to others, and none of its files may be written", async () => {
  await using place = new TestHome();
  const { path } = await buildPackage(place.write("hello.ts", HELLO));
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readdirSync(path).sort()).toEqual(["manifest.json", "schema.json", "service.js"]);
  for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777, name).toBe(0o400);
});

test("who may call is part of the package, and another list makes another package", async () => {
  await using place = new TestHome();
  const file = place.write("shop/hello.ts", "export const greet = () => 1;\n");
  const open = await buildPackage(file);
  expect((await openPackage(open.sha256)).manifest.allow).toBeUndefined();
  place.write("shop/cell.toml", '[cell.access]\nallow = ["trader", "cell"]\n');
  const closed = await buildPackage(file);
  expect((await openPackage(closed.sha256)).manifest.allow).toEqual(["trader", "cell"]);
  expect(closed.sha256).not.toBe(open.sha256);
  place.write("shop/cell.toml", "[cell.access]\n");
  await expect(buildPackage(file)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("the hash of its manifest is the name of a package", async () => {
  await using place = new TestHome();
  const { path, sha256 } = await buildPackage(place.write("hello.ts", HELLO));
  const manifest = await Bun.file(join(path, "manifest.json")).bytes();
  expect(new Bun.CryptoHasher("sha256").update(manifest).digest("hex")).toBe(sha256);
});

test("the same source makes the same package; other code, another name and other types make another", async () => {
  await using place = new TestHome();
  const build = async (text: string, name?: string) =>
    (await buildPackage(place.write("hello.ts", text), name === undefined ? {} : { name })).sha256;
  const first = await build(HELLO);
  expect(await build(HELLO)).toBe(first);
  const others = [
    // A stack shows other lines.
    await build(`\n\n${HELLO}`),
    await build(HELLO.replace("Hello", "Hi")),
    await build(HELLO.replace("name: string", "name: string, more?: string")),
    await build(HELLO, "greeter"),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
});

test("the configuration beside the source comes with the package", async () => {
  await using place = new TestHome();
  place.write("shop/index.ts", HELLO);
  place.write("shop/cell.toml", '[cell]\nname = "store"\n[cell.biology]\nmin_replicas = 2\n[cell.env]\nA = "1"\n');
  const built = await buildPackage(join(place.folder, "shop"));
  expect(built).toMatchObject({ service: "store", config: { name: "store", minReplicas: 2, env: { A: "1" } } });
});

test("the recorded schemas of the services that it calls are in the manifest", async () => {
  await using place = new TestHome();
  const { schema } = await buildPackage(place.write("hello.ts", HELLO));
  place.write("project/.cell/types/hello.schema.json", JSON.stringify(schema));
  place.write("project/types.ts", 'export type { greet } from "cell:hello";\n');
  const file = place.write(
    "project/caller.ts",
    'import { greet } from "cell:hello";\nexport async function twice(): Promise<string> { return await greet("a"); }\n',
  );
  const { manifest } = await openPackage((await buildPackage(file)).sha256);
  expect(manifest.imports).toEqual({ hello: schema });
  expect(manifest.remoteImports).toEqual({ hello: ["greet"] });
});

const BROKEN: [what: string, files: Record<string, string>, place: string, message: string][] = [
  ["a syntax error", { "hello.ts": "export function greet( {\n" }, "hello.ts:2:", "expected"],
  [
    "a type that cannot travel",
    { "hello.ts": "export function f(): () => void { return () => {}; }\n" },
    "hello.ts:1:",
    "f",
  ],
  [
    "a missing module",
    { "hello.ts": `import { x } from "./gone.ts";\n${HELLO}export const y = x;\n` },
    "hello.ts:1:",
    "gone",
  ],
  [
    "a missing package",
    { "hello.ts": `import { x } from "no-such-pack";\n${HELLO}x();\n` },
    "hello.ts:1:",
    "no-such-pack",
  ],
  [
    "a missing text",
    { "hello.ts": `import x from "./gone.txt" with { type: "text" };\n${HELLO}x;\n` },
    "hello.ts:1:",
    "gone.txt",
  ],
  [
    "a mistake in a file that is imported",
    { "hello.ts": `import "./part.js";\n${HELLO}`, "part.js": "\nconst = 3;\n" },
    "part.js:2:",
    "",
  ],
  [
    "a missing export",
    { "hello.ts": `import { b } from "./part.ts";\n${HELLO}b();\n`, "part.ts": "export const a = 1;\n" },
    "",
    "b",
  ],
];

test.each(BROKEN)("%s is refused with its place, and nothing is left behind", async (_, files, where, message) => {
  await using place = new TestHome();
  for (const [name, text] of Object.entries(files)) place.write(name, text);
  const error = await rejection(buildPackage(join(place.folder, "hello.ts")));
  expect(error.code).toBe("INVALID_ARGUMENT");
  expect(error).toBeInstanceOf(SchemaErrors);
  expect(error.message).toContain(where);
  expect(error.message).toContain(message);
  const [problem] = (error as SchemaErrors).problems;
  expect(existsSync(problem!.file)).toBe(true);
  expect(stored(place)).toEqual([]);
});

test.each([
  ["a page", 'import page from "./p.html";\nexport const a = (): string => String(page);\n', "imports the page p.html"],
  [
    "a database",
    'import d from "./d.sqlite" with { type: "sqlite" };\nexport const a = (): string => String(d);\n',
    'import of "./d.sqlite"',
  ],
  ["nothing callable", "export const a = 1;\n", "exports nothing callable"],
])("a file with %s is refused", async (_, text, message) => {
  await using place = new TestHome();
  place.write("p.html", "<html></html>");
  place.write("d.sqlite", "");
  place.write("modules.d.ts", 'declare module "*.html";\ndeclare module "*.sqlite";\n');
  const error = await rejection(buildPackage(place.write("a.ts", text)));
  expect([error.code, error.message]).toEqual(["INVALID_ARGUMENT", expect.stringContaining(message)]);
  expect(stored(place)).toEqual([]);
});

test("the name of the agent, and names that are none, are refused before anything is built", async () => {
  await using place = new TestHome();
  const file = place.write("nucleus.ts", HELLO);
  expect((await rejection(buildPackage(file))).message).toContain("the node agent has this name");
  expect((await rejection(buildPackage(file, { name: "../x" }))).message).toContain("is not a valid name");
  expect(existsSync(place.home)).toBe(false);
});

test("what is looked for beside the source is warned of, with its place", async () => {
  await using place = new TestHome();
  const file = place.write(
    "hello.ts",
    `// import.meta.dir in a comment\n${HELLO}export const f = async (p: string): Promise<string> => {\n` +
      '  await import(p);\n  return new URL("./x", import.meta.url).href + "import.meta";\n};\n',
  );
  const { warnings } = await buildPackage(file);
  expect(warnings.map((warning) => warning.slice(0, `${file}:4: `.length))).toEqual([`${file}:4: `, `${file}:5: `]);
  expect(warnings[1]).toContain("import.meta.url is the package's folder when this runs");
});

test("a full disk is an error that leaves nothing behind, and the next build succeeds", async () => {
  await using place = new TestHome();
  await buildPackage(place.write("first.ts", HELLO));
  rmSync(join(place.home, "packages"), { recursive: true });
  using disk = FullDisk.at(join(place.home, "packages"), 256 * 1024);
  if (disk === undefined) return;
  const file = place.write("hello.ts", `${HELLO}export const text = (): string => "${"x".repeat(300_000)}";\n`);
  const error = await rejection(buildPackage(file));
  expect([error.code, error.message]).toEqual([
    "RESOURCE_EXHAUSTED",
    expect.stringContaining("the disk is full. Nothing was changed"),
  ]);
  expect(stored(place)).toEqual([]);
  expect(await buildPackage(place.write("hello.ts", HELLO))).toMatchObject({ isNew: true });
});

test("a source whose types change while it is built is read again, so that schema and code belong together", async () => {
  await using place = new TestHome();
  const file = place.write("hello.ts", HELLO);
  const service = JSON.stringify(join(import.meta.dir, "../service/mod.ts"));
  const reader = place.write(
    "reader/read.ts",
    `import { appendFileSync } from "node:fs";
import { cacheSchema } from ${service};
const [file, name] = process.argv.slice(2);
await cacheSchema(file, name);
if (!(await Bun.file(file).text()).includes("edited")) appendFileSync(file, "export const edited = (): number => 1;\\n");
`,
  );
  const { schema, sha256 } = await buildPackage(file, { schemaCommand: [process.execPath, reader] });
  expect(Object.keys(schema.methods)).toEqual(["edited", "greet"]);
  expect(Object.keys(await import((await openPackage(sha256)).entry)).sort()).toEqual(["edited", "greet"]);
});

test("a source that never stops changing is not built", async () => {
  await using place = new TestHome();
  const file = place.write("hello.ts", HELLO);
  const result = await readSource(file, "hello");
  // Another answer each time, and none of them in the cache.
  rmSync(join(place.home, "cache"), { recursive: true });
  const reader = place.write(
    "reader/read.ts",
    `const result = ${JSON.stringify(result)};
result.schema.doc = crypto.randomUUID();
console.log(JSON.stringify({ result }));
`,
  );
  const error = await rejection(buildPackage(file, { schemaCommand: [process.execPath, reader] }));
  expect([error.code, error.message]).toEqual([
    "ABORTED",
    `building ${file}: it changed while it was being built. Try again.`,
  ]);
  expect(stored(place)).toEqual([]);
});
