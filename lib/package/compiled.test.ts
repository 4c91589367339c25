import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { finishSchema } from "../schema/mod.ts";
import { TestHome } from "../service/testing/mod.ts";
import { PackageProgram } from "./testing/package_program.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

const program = new PackageProgram();
afterAll(() => program[Symbol.dispose]());

const OTHER = finishSchema({
  name: "other",
  methods: { ping: { params: [], result: { kind: "string" } } },
  types: {},
});

/** A service that imports something of every kind. */
function writeProject(place: TestHome): string {
  place.write(
    "p/node_modules/esm-pack/package.json",
    '{ "name": "esm-pack", "type": "module", "exports": "./index.js" }',
  );
  place.write("p/node_modules/esm-pack/index.js", 'export const esm = (text) => "esm " + text;\n');
  place.write("p/node_modules/cjs-pack/package.json", '{ "name": "cjs-pack", "main": "main.js" }');
  place.write(
    "p/node_modules/cjs-pack/main.js",
    'const path = require("path");\nmodule.exports = { cjs: (text) => `cjs ${text}`, where: () => path.basename(__filename) };\n',
  );
  place.write("p/node_modules/esm-pack/index.d.ts", "export declare function esm(text: string): string;\n");
  place.write(
    "p/node_modules/cjs-pack/main.d.ts",
    "export declare function cjs(text: string): string;\nexport declare function where(): string;\n",
  );
  place.write(
    "p/lib/deep/thrower.ts",
    "// A comment\n\nexport function thrower(text: string): never {\n  throw new Error(`deep: ${text}`);\n}\n",
  );
  place.write("p/data.json", '{ "number": 7 }');
  place.write("p/text.txt", "line 1\nline 2\n");
  place.write("p/settings.toml", "[a]\nb = 1\n");
  place.write('p/a "weird" näme.bin', "\x01\x02binary");
  place.write("p/lazy.ts", "export const lazy = 'loaded later';\n");
  place.write("p/.cell/types/other.schema.json", JSON.stringify(OTHER));
  place.write("p/tsconfig.json", '{ "compilerOptions": { "strict": true, "paths": { "@lib/*": ["./lib/*"] } } }');
  return place.write(
    "p/all.ts",
    `#!/usr/bin/env cell
import { method } from "cell";
import { ping } from "cell:other";
import { esm } from "esm-pack";
import { cjs, where } from "cjs-pack";
import { thrower } from "@lib/deep/thrower.ts";
import data from "./data.json";
import text from "./text.txt" with { type: "text" };
import settings from "./settings.toml";
import file from './a "weird" näme.bin' with { type: "file" };

const awaited: string = await Promise.resolve("at the top level");

export interface Answer { [name: string]: unknown }

export async function all(value: string): Promise<Answer> {
  const { lazy } = await import("./lazy.ts");
  return {
    esm: esm(value), cjs: cjs(value), where: where(), data, text, settings, awaited, lazy,
    file: await Bun.file(file).text(), ping: typeof ping, environment: process.env.NODE_ENV ?? null,
    folder: import.meta.dir === import.meta.dirname,
  };
}

export async function fail(value: string): Promise<string> {
  await Promise.resolve();
  return thrower(value);
}

export const quick = method({ idempotent: true }, (value: string) => "quick " + value);

export default class Counter {
  count = 0;
  increment(): number {
    return ++this.count;
  }
}
`,
  );
}

test("everything that a service imports by name is in its package, and the sources may go", async () => {
  await using place = new TestHome();
  const file = writeProject(place);
  const built = await program.run(place, ["build", file]);
  expect(built).toMatchObject({ service: "all", isNew: true });
  rmSync(join(place.folder, "p"), { recursive: true });
  const sha256 = String(built["sha256"]);
  mkdirSync(join(place.folder, "elsewhere"));
  const options = { cwd: join(place.folder, "elsewhere"), env: { NODE_ENV: "from the instance" } };
  const { result } = await program.run(place, ["call", sha256, "all", "x"], options);
  expect(result).toEqual({
    esm: "esm x",
    cjs: "cjs x",
    where: "service.js",
    data: { number: 7 },
    text: "line 1\nline 2\n",
    settings: { a: { b: 1 } },
    awaited: "at the top level",
    lazy: "loaded later",
    file: "\x01\x02binary",
    ping: "function",
    environment: "from the instance",
    folder: true,
  });
  expect(await program.run(place, ["call", sha256, "quick", "x"])).toEqual({ result: "quick x" });
});

test("a stack shows files, lines and columns of the source", async () => {
  await using place = new TestHome();
  const file = writeProject(place);
  const { sha256, path } = await program.run(place, ["build", file]);
  const { message, stack } = await program.run(place, ["call", String(sha256), "fail", "x"]);
  expect(message).toBe("deep: x");
  const frames = String(stack).split("\n").slice(1, 3);
  expect(frames[0]).toStartWith(`    at thrower (${path}/lib/deep/thrower.ts:4:`);
  expect(frames[1]).toMatch(/all\.ts:2[5-9]:/);
});

test("the same sources give the same package wherever they lie and whoever builds them", async () => {
  await using place = new TestHome();
  const file = writeProject(place);
  const copy = join(place.folder, "far/away/copy");
  cpSync(join(place.folder, "p"), copy, { recursive: true });
  const first = await program.run(place, ["build", file], { cwd: "/" });
  const again = await program.run(place, ["build", "all.ts"], {
    cwd: copy,
    env: { NODE_ENV: "production", HOME: "/" },
  });
  expect(again).toMatchObject({ sha256: first["sha256"], isNew: false });
});

test("processes that build the same at the same instant all get it", async () => {
  await using place = new TestHome();
  const file = place.write("hello.ts", "export const greet = (name: string): string => name;\n");
  const built = await Promise.all(Array.from({ length: 6 }, () => program.run(place, ["build", file])));
  expect(new Set(built.map(({ sha256 }) => sha256)).size).toBe(1);
  expect(built.filter(({ isNew }) => isNew).length).toBe(1);
  expect(await program.run(place, ["call", String(built[0]!["sha256"]), "greet", "Ada"])).toEqual({ result: "Ada" });
  expect([...new Bun.Glob("*").scanSync({ cwd: join(place.home, "packages"), onlyFiles: false, dot: true })].length)
    .toBe(1);
});
