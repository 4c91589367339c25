import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { folderWith, problemsOf, readSource, readTwice, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

test("types come from other files, with and without an extension, and through tsconfig paths", async () => {
  const { schema, files } = await readSource({
    "service.ts": `
      import type { A } from "./lib/a.ts";
      import type { B } from "./lib/b";
      import { type C } from "#shared/c.ts";
      import data from "./data.json";
      export const f = (a: A, b: B, c: C) => data.count;
    `,
    "lib/a.ts": `export interface A { a: string }`,
    "lib/b.ts": `export interface B { b: string }`,
    "shared/c.ts": `export interface C { c: string }`,
    "data.json": `{ "count": 3 }`,
    "tsconfig.json": `{ "compilerOptions": { "paths": { "#shared/*": ["./shared/*"] } } } // comments are fine`,
  });
  expect(Object.keys(schema.types)).toEqual(["A", "B", "C"]);
  expect(schema.methods["f"]!.result).toEqual({ kind: "number" });
  expect(files.map((file) => file.replace(/^.*\/cell-reader-[^/]+\//, ""))).toEqual([
    "data.json",
    "lib/a.ts",
    "lib/b.ts",
    "service.ts",
    "shared/c.ts",
    "tsconfig.json",
  ]);
});

test("types come from packages beside the service, with their own and with @types", async () => {
  const { schema } = await readSource({
    "service.ts": `
      import type { Amount } from "money";
      import { area } from "@shapes/flat/square";
      import { plain } from "plain";
      export const f = (amount: Amount) => ({ area: area(2), plain: plain() });
    `,
    "node_modules/money/package.json":
      `{ "name": "money", "exports": { ".": { "types": "./types.d.ts", "default": "./index.js" } } }`,
    "node_modules/money/types.d.ts":
      `import type { Currency } from "./currency"; export interface Amount { cents: number; currency: Currency }`,
    "node_modules/money/currency.d.ts": `export type Currency = "eur" | "usd";`,
    "node_modules/@shapes/flat/package.json": `{ "name": "@shapes/flat", "exports": { "./square": "./square.ts" } }`,
    "node_modules/@shapes/flat/square.ts": `export const area = (side: number) => side * side;`,
    "node_modules/plain/index.js": `exports.plain = () => 3;`,
    "node_modules/@types/plain/index.d.ts": `export function plain(): number;`,
  });
  expect(schema.types["Amount"]!.type).toMatchObject({ properties: { currency: { type: { name: "Currency" } } } });
  expect(schema.methods["f"]!.result).toMatchObject({ properties: { area: { type: { kind: "number" } } } });
});

test("other services' functions have the types that were declared for them", async () => {
  const declarations = `declare module "cell:ledger" {
    import type { u32 } from "cell";
    /** A booking. */
    export interface Booking { id: string; cents: u32 }
    export function open(account: string, cents?: u32): Promise<Booking>;
  }`;
  const { schema, remoteImports } = await readSource({
    "service.ts": `
      import { open, type Booking } from "cell:ledger";
      import * as shop from "cell:shop";
      import type { Thing } from "cell:things";
      import { run } from "./later.ts";
      export const f = async (account: string) => ({ booking: await open(account, 3) });
      export const g = async (booking: Booking): Promise<void> => { await shop.buy(booking); };
      export { open as reopen } from "cell:ledger";
    `,
    "later.ts": `export const run = async () => { const { ping } = await import("cell:clock"); return ping(); }`,
  }, { remoteDeclarations: (service) => service === "ledger" ? declarations : undefined });
  expect(schema.methods["f"]!.result).toMatchObject({ properties: { booking: { type: { name: "Booking" } } } });
  expect(schema.methods["reopen"]!.params.map(({ name }) => name)).toEqual(["account", "cents"]);
  expect(schema.types["Booking"]!.type).toMatchObject({ properties: { cents: { type: { kind: "integer" } } } });
  expect(remoteImports).toEqual({ clock: ["*"], ledger: ["open"], shop: ["*"], things: [] });
});

test("a signature that depends on an unknown service says what to run", async () => {
  const [inferred] = await problemsOf(`
    import { open } from "cell:ledger";
    export const f = async () => await open("ada");
  `);
  expect(inferred).toMatchObject({
    path: "f → result",
    hint: 'if it comes from "cell:ledger", run `cell check` first; otherwise write the type, or unknown for any value',
  });
  const [written] = await problemsOf(`
    import type { Booking } from "cell:ledger";
    export const f = (booking: Booking) => {};
  `);
  expect(written).toMatchObject({
    message: 'the type comes from "cell:ledger", whose types are not known',
    hint: "run `cell check` first, while that service runs: it fetches the types",
  });
  const problems = await problemsOf(`export { open } from "cell:ledger";`);
  expect(problems.map(({ hint }) => hint).join()).toContain("cell check");
});

test("a name that a module does not export is no type", async () => {
  const [problem] = await problemsOf({
    "service.ts": `import type { B } from "./a.ts"; export const f = (b: B) => {};`,
    "a.ts": `export interface A { a: string }`,
  });
  expect(problem!.message).toBe('"./a.ts" exports no type named B');
});

test("an unknown service that no signature depends on is no problem", async () => {
  const { schema } = await readSource(`
    import { open } from "cell:ledger";
    export const f = async (): Promise<string> => await open("ada");
  `);
  expect(schema.methods["f"]!.result).toEqual({ kind: "string" });
});

test("the types of Bun and Node are there with nothing installed", async () => {
  const { schema } = await readSource(`
    import { readFileSync } from "node:fs";
    import { stat } from "fs/promises";
    import { Database } from "bun:sqlite";
    const database = new Database(":memory:");
    export async function f(path: string) {
      return {
        text: await Bun.file(path).text(),
        sync: readFileSync(path, "utf8"),
        bytes: readFileSync(path),
        size: (await stat(path)).size,
        home: process.env["HOME"],
        memory: process.memoryUsage().rss,
        changes: database.run("select 1").changes,
      };
    }
  `);
  expect(schema.methods["f"]!.result).toEqual({
    kind: "object",
    properties: {
      text: { type: { kind: "string" } },
      sync: { type: { kind: "string" } },
      bytes: { type: { kind: "bytes" } },
      size: { type: { kind: "number" } },
      home: { type: { kind: "string" }, optional: true },
      memory: { type: { kind: "number" } },
      changes: { type: { kind: "number" } },
    },
  });
});

test("a type that is computed from one of Bun or Node is not computed from any", async () => {
  const { schema } = await readSource(`
    import type { Stats } from "node:fs";
    import { basename } from "node:path";
    type Kind<T> = T extends { size: number } ? "sized" : "other";
    export const f = (suffix: Parameters<typeof basename>[1]): Kind<Stats> => "sized";
  `);
  expect(schema.methods["f"]!.params).toEqual([{
    name: "suffix",
    type: { kind: "union", members: [{ kind: "string" }, { kind: "undefined" }] },
  }]);
  expect(schema.methods["f"]!.result).toEqual({ kind: "literal", value: "sized" });
});

test("a timer is refused, although browsers know it as a number", async () => {
  const [problem] = await problemsOf(`export const f = () => setTimeout(() => {}, 1000);`);
  expect(problem!.message).toMatch(/^(Timer|Timeout) cannot cross the wire$/);
});

test("globals that a tsconfig.json includes are known", async () => {
  const { schema } = await readSource({
    "service.ts": `export const f = (thing: Thing) => {};`,
    "globals.d.ts": `interface Thing { name: string }`,
    "tsconfig.json": `{}`,
  });
  expect(Object.keys(schema.types)).toEqual(["Thing"]);
});

test("modules that a tsconfig.json's declarations describe are known", async () => {
  const { schema } = await readSource({
    "service.ts": `import { type Thing } from "virtual:thing"; export const f = (thing: Thing) => {};`,
    "modules.d.ts": `declare module "virtual:*" { export interface Thing { name: string } }`,
    "tsconfig.json": `{}`,
  });
  expect(Object.keys(schema.types)).toEqual(["Thing"]);
});

test("files that the runtime imports as text or data are no problem", async () => {
  const { schema } = await readSource({
    "service.ts": `
      import greeting from "./greeting.txt";
      import settings from "./settings.toml";
      import logo from "./logo.svg" with { type: "text" };
      export const f = () => greeting;
      export const g = (): number => settings.limit;
    `,
    "greeting.txt": `hello`,
    "settings.toml": `limit = 3`,
    "logo.svg": `<svg/>`,
  });
  expect(schema.methods["f"]!.result).toEqual({ kind: "string" });
});

test("JavaScript with types in its comments is a service too", async () => {
  const folder = folderWith({
    "service.js": `
      /**
       * Adds.
       * @param {number} a
       * @param {number} [b]
       * @returns {Promise<number>}
       */
      export async function add(a, b) { return a + (b ?? 0); }
    `,
  });
  const { schema } = await readTwice(join(folder, "service.js"));
  expect(schema.methods["add"]).toMatchObject({
    doc: "Adds.",
    params: [{ name: "a", type: { kind: "number" } }, { name: "b", type: { kind: "number" }, optional: true }],
    result: { kind: "number" },
  });
});

test("a broken tsconfig.json leaves the defaults", async () => {
  const { schema } = await readSource({
    "service.ts": `export const f = (a?: string) => a;`,
    "tsconfig.json": `{ "compilerOptions": { "strict": false, `,
  });
  expect(schema.methods["f"]!.result).toMatchObject({ kind: "union" });
});
