import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CACHE_ENTRIES_MAX } from "./cache.ts";
import { loadCachedService, type LoadOptions, loadService } from "./load.ts";
import { folderWith, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

const FILES = {
  "service.ts": `import type { Name } from "./name.ts"; export const greet = (name: Name) => ({ name });`,
  "name.ts": `export interface Name { first: string }`,
};

interface Fixture {
  folder: string;
  file: string;
  options: LoadOptions;
}

function fixture(files: { [path: string]: string } = FILES): Fixture {
  const folder = folderWith(files);
  return {
    folder,
    file: join(folder, "service.ts"),
    options: { name: "service", cacheDirectory: join(folder, "cache"), remoteDeclarations: () => undefined },
  };
}

/** A fixture whose service has been loaded once, so that it is cached. */
async function loaded(files: { [path: string]: string } = FILES): Promise<Fixture> {
  const made = fixture(files);
  expect(loadCachedService(made.file, made.options)).toBeUndefined();
  const result = await loadService(made.file, made.options);
  expect(loadCachedService(made.file, made.options)).toEqual(result);
  return made;
}

function entries({ options }: Fixture): string[] {
  return readdirSync(join(options.cacheDirectory, "schemas"));
}

test("a service is the same from the cache, under the name that is asked for", async () => {
  const { file, options } = await loaded();
  const result = loadCachedService(file, { ...options, name: "other" })!;
  expect(result.schema.name).toBe("other");
  expect(Object.keys(result.schema.methods)).toEqual(["greet"]);
  expect(result.files.map((path) => path.split("/").at(-1))).toEqual(["name.ts", "service.ts"]);
});

test("a change of any file involved is noticed, whatever its time says", async () => {
  const { folder, file, options } = await loaded();
  const past = new Date(0);
  const before = (await loadService(file, options)).schema.species;
  utimesSync(join(folder, "name.ts"), past, past);
  expect(loadCachedService(file, options)).toBeDefined();
  writeFileSync(join(folder, "name.ts"), `export interface Name { other: string }`);
  utimesSync(join(folder, "name.ts"), past, past);
  expect(loadCachedService(file, options)).toBeUndefined();
  expect((await loadService(file, options)).schema.species).not.toBe(before);
});

test("a file that now stands where an import looked first is noticed", async () => {
  const { folder, file, options } = await loaded({
    "service.ts": `import type { Name } from "./name"; export const greet = (name: Name) => {};`,
    "name/index.ts": `export interface Name { first: string }`,
  });
  writeFileSync(join(folder, "name.ts"), `export interface Name { second: string }`);
  expect(loadCachedService(file, options)).toBeUndefined();
  const { schema } = await loadService(file, options);
  expect(schema.types["Name"]!.type).toMatchObject({ properties: { second: {} } });
});

test("a new tsconfig.json, a changed one and a changed package are noticed", async () => {
  const made = await loaded({
    ...FILES,
    "service.ts": `import type { P } from "pack"; export const greet = (p: P) => {};`,
    "node_modules/pack/package.json": `{ "types": "a.d.ts" }`,
    "node_modules/pack/a.d.ts": `export interface P { a: string }`,
    "node_modules/pack/b.d.ts": `export interface P { b: string }`,
  });
  const { folder, file, options } = made;
  for (
    const [path, text] of [
      ["tsconfig.json", "{}"],
      ["tsconfig.json", `{ "compilerOptions": {} }`],
      ["node_modules/pack/package.json", `{ "types": "b.d.ts" }`],
    ] as const
  ) {
    expect((await loadService(file, options)).schema).toBeDefined();
    expect(loadCachedService(file, options)).toBeDefined();
    writeFileSync(join(folder, path), text);
    expect(loadCachedService(file, options)).toBeUndefined();
  }
  expect((await loadService(file, options)).schema.types["P"]!.type).toMatchObject({ properties: { b: {} } });
});

test("a file that was removed is noticed", async () => {
  const { folder, file, options } = await loaded();
  unlinkSync(join(folder, "name.ts"));
  expect(loadCachedService(file, options)).toBeUndefined();
  await expect(loadService(file, options)).rejects.toThrow("there is no such file");
});

test("other declarations of another service are noticed, also that there are any", async () => {
  const { file, options } = fixture({
    "service.ts": `import { now } from "cell:clock"; export const greet = async (): Promise<unknown> => await now();`,
  });
  const declare = (type: string): LoadOptions => ({
    ...options,
    remoteDeclarations: () => `declare module "cell:clock" { export function now(): Promise<${type}>; }`,
  });
  await loadService(file, options);
  expect(loadCachedService(file, options)).toBeDefined();
  expect(loadCachedService(file, declare("Date"))).toBeUndefined();
  await loadService(file, declare("Date"));
  expect(loadCachedService(file, declare("Date"))).toBeDefined();
  expect(loadCachedService(file, declare("string"))).toBeUndefined();
});

test("damaged, shortened and foreign entries are ignored and written anew", async () => {
  const made = await loaded();
  const { file, options } = made;
  const [name] = entries(made);
  const path = join(options.cacheDirectory, "schemas", name!);
  const good = readFileSync(path, "utf8");
  const damages = [
    good.replace("first", "fIrst"),
    good.slice(0, -10),
    good.replace(/^cell schema \w+/, "cell schema 0000000000000000"),
    "",
    "\n",
    "{}",
    "not ours\n{}",
  ];
  for (const damaged of damages) {
    writeFileSync(path, damaged);
    expect(loadCachedService(file, options)).toBeUndefined();
    await loadService(file, options);
    expect(readFileSync(path, "utf8")).toBe(good);
  }
});

test("a failed reading is not kept", async () => {
  const made = await loaded();
  const { file, options } = made;
  writeFileSync(file, `export const f = (x: any) => {};`);
  await expect(loadService(file, options)).rejects.toThrow("any");
  expect(loadCachedService(file, options)).toBeUndefined();
});

test("a cache that cannot be written is no error", async () => {
  const { file, options, folder } = fixture();
  writeFileSync(join(folder, "in-the-way"), "a file, not a folder");
  const blocked = { ...options, cacheDirectory: join(folder, "in-the-way") };
  expect((await loadService(file, blocked)).schema.methods).toHaveProperty("greet");
  expect(loadCachedService(file, blocked)).toBeUndefined();
});

test("a cache that may only be read is used, and what is missing in it is read", async () => {
  const made = await loaded();
  const { file, options, folder } = made;
  const cache = join(options.cacheDirectory, "schemas");
  chmodSync(cache, 0o500);
  try {
    expect(loadCachedService(file, options)).toBeDefined();
    writeFileSync(join(folder, "name.ts"), `export interface Name { other: string }`);
    expect((await loadService(file, options)).schema.types["Name"]).toBeDefined();
  } finally {
    chmodSync(cache, 0o700);
  }
});

test("one file on two paths has an entry each", async () => {
  const made = await loaded();
  const { folder, options } = made;
  symlinkSync(join(folder, "service.ts"), join(folder, "link.ts"));
  await loadService(join(folder, "link.ts"), options);
  expect(entries(made)).toHaveLength(2);
});

test("the oldest entries go when there are too many", async () => {
  const made = fixture();
  const cache = join(made.options.cacheDirectory, "schemas");
  mkdirSync(cache, { recursive: true });
  for (let index = 0; index < CACHE_ENTRIES_MAX + 5; index++) {
    const path = join(cache, `${index}.json`);
    writeFileSync(path, "");
    utimesSync(path, index, index);
  }
  await loadService(made.file, made.options);
  const left = entries(made);
  expect(left).toHaveLength(CACHE_ENTRIES_MAX);
  expect(left).not.toContain("0.json");
  expect(left).toContain(`${CACHE_ENTRIES_MAX + 4}.json`);
  expect(loadCachedService(made.file, made.options)).toBeDefined();
  rmSync(cache, { recursive: true });
});

test("a hit does not load the compiler", async () => {
  const { file, options, folder } = await loaded();
  const program = join(folder, "program.ts");
  writeFileSync(
    program,
    `import { loadService } from ${JSON.stringify(join(import.meta.dir, "mod.ts"))};
     const isLoaded = () => Object.keys(require.cache).some((path) => path.includes("/typescript/lib/"));
     const options = { name: "service", cacheDirectory: process.argv[3], remoteDeclarations: () => undefined };
     const { schema } = await loadService(process.argv[2], options);
     const afterHit = isLoaded();
     await import("typescript");
     console.log(JSON.stringify({ methods: Object.keys(schema.methods), afterHit, afterImport: isLoaded() }));`,
  );
  symlinkSync(join(import.meta.dir, "../../../node_modules"), join(folder, "node_modules"));
  const run = Bun.spawnSync([process.execPath, program, file, options.cacheDirectory], { stderr: "inherit" });
  expect(JSON.parse(run.stdout.toString())).toEqual({ methods: ["greet"], afterHit: false, afterImport: true });
});
