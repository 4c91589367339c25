import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_FLAGS } from "../../../scripts/build.ts";
import { folderWith, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

test("a compiled binary reads services where nothing is installed", () => {
  const build = folderWith({
    "main.ts": `
      import { loadService } from ${JSON.stringify(join(import.meta.dir, "mod.ts"))};
      const [file] = process.argv.slice(2);
      const options = { name: "service", cacheDirectory: "cache", remoteDeclarations: () => undefined };
      try {
        const { schema } = await loadService(file, options);
        console.log(JSON.stringify({ species: schema.species, methods: schema.methods  }));
      } catch (error) {
        console.log(JSON.stringify({ message: error.message }));
      }
    `,
  });
  const binary = join(build, "reader");
  const flags = BUILD_FLAGS.filter((flag) => flag !== "--sourcemap");
  const compiled = Bun.spawnSync([process.execPath, "build", ...flags, join(build, "main.ts"), "--outfile", binary]);
  expect(compiled.success, compiled.stderr.toString()).toBe(true);

  const alone = folderWith({
    "hello.ts":
      `/** Greets. */ export async function greet({ name }: { name: string }) { return { greeting: \`Hello, \${name}!\` }; }`,
    "counter.ts": `import { method } from "cell"; import type { u32 } from "cell";
      export const add = method({ idempotent: true }, (by: u32 = 1) => by);`,
    "files.ts": `import { readFileSync } from "node:fs";
      export const read = (path: string) => ({ text: readFileSync(path, "utf8"), type: Bun.file(path).type });`,
    "wrong.ts": `export const f = (element: HTMLElement) => {};`,
  });
  const run = (file: string) => {
    const ran = Bun.spawnSync([binary, file], { cwd: alone, env: {}, stderr: "inherit" });
    return JSON.parse(ran.stdout.toString());
  };
  const first = run("hello.ts");
  expect(first.methods.greet).toMatchObject({
    doc: "Greets.",
    result: { properties: { greeting: { type: { kind: "string" } } } },
  });
  expect(run("hello.ts").species).toBe(first.species);
  expect(run("counter.ts").methods.add).toMatchObject({ idempotent: true, result: { format: "u32" } });
  expect(run("files.ts").methods.read.result.properties).toMatchObject({
    text: { type: { kind: "string" } },
    type: { type: { kind: "string" } },
  });
  expect(run("wrong.ts").message).toStartWith(
    "wrong.ts:1:28: f → args[0]: HTMLElement belongs to a browser's page and cannot cross the wire",
  );
  writeFileSync(join(alone, "hello.ts"), `export const greet = () => 1;`);
  expect(run("hello.ts").species).not.toBe(first.species);
});
