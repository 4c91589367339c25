import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { loadLibrary } from "./library.ts";
import { libraryChunks, withoutComments } from "./library_chunks.ts";
import { loadRuntimeTypes } from "./runtime_types.ts";
import { loadCompiler } from "./compiler.ts";
import { readSource, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

const library = loadLibrary();

async function declarations(...names: string[]): Promise<string> {
  const words = new Set(names);
  return (await library).declarations({ identifiers: words, words, withRuntimeTypes: false });
}

test("a file that names no globals gets a small library", async () => {
  expect((await declarations("greet", "name")).length).toBeLessThan(16_000);
});

test("a global brings what it refers to, a method only when it is named", async () => {
  const small = await declarations("Response");
  expect(small).toContain("interface Response");
  expect(small).toContain("interface Headers");
  expect(small).not.toContain("arrayBuffer(): Promise<ArrayBuffer>");
  expect(await declarations("Body", "arrayBuffer")).toContain("arrayBuffer(): Promise<ArrayBuffer>");
  expect(await declarations("toSorted")).toContain("toSorted(");
  expect(small).not.toContain("toSorted(");
});

test("globals of a browser's page are known as such", async () => {
  const { isPageOnly } = await library;
  expect(["HTMLElement", "Document", "Window"].map(isPageOnly)).toEqual([true, true, true]);
  expect(["Response", "Blob", "Array", "Nothing"].map(isPageOnly)).toEqual([false, false, false, false]);
});

test("types that a part of the library cannot tell apart would be one type; they are not", async () => {
  const { schema } = await readSource(`
    type Is<T, U> = [T] extends [U] ? true : false;
    export const f = (): {
      a: Is<Set<string>, Set<number>>; b: Is<Date, RegExp>; c: Is<{ a: string }, Date>; d: Is<Map<string, 1>, Map<string, 2>>;
      e: Is<readonly string[], string[]>; f: Is<Uint8Array, Uint16Array>; g: Is<string[], readonly string[]>;
      h: Is<Promise<string>, Promise<number>>; i: Is<URL, Date>; j: Is<Blob, Response>; k: Is<number, Date>;
      l: Is<Error, Date>; m: Is<ReadonlyMap<string, 1>, Map<string, 1>>; n: Is<string, number>; o: Is<{}, Headers>;
    } => null!;
  `);
  const { result } = schema.methods["f"]!;
  const truths = result.kind === "object" &&
    Object.entries(result.properties).filter(([, { type }]) => type.kind === "literal" && type.value === true);
  expect(truths && truths.map(([name]) => name)).toEqual(["g"]);
});

test("the syntax that stands for globals works without naming them", async () => {
  const { schema } = await readSource(`
    export async function f(list: number[], pairs: [string, number][]) {
      const [first, ...rest] = list;
      const spread = [...rest, ...\`ab\`];
      for (const [name, value] of pairs) spread.push(name, value);
      const tagged = ((parts: TemplateStringsArray, ...values: number[]) => parts.raw[0] + values[0])\`a\${first!}\`;
      const copy = { ...{ a: 1, b: "x" }, b: 2n ** 2n };
      const matched = /a(?<name>b)/.exec("ab")?.groups?.["name"];
      await using resource = { async [Symbol.asyncDispose]() {} };
      function* inner() { const sent: number = yield "a"; return sent; }
      return { spread, tagged, copy, matched, inner: [...inner()], import: import.meta.url, bool: !first };
    }
  `);
  const { result } = schema.methods["f"]!;
  expect(result.kind === "object" && Object.entries(result.properties).map(([name, { type }]) => [name, type.kind]))
    .toEqual([
      ["spread", "array"],
      ["tagged", "string"],
      ["copy", "object"],
      ["matched", "string"],
      ["inner", "array"],
      ["import", "string"],
      ["bool", "boolean"],
    ]);
});

test("comments are taken out of declarations, but not what looks like one in a string", () => {
  expect(withoutComments(`/** a */ type A = "/* no */"; // b\n\n/// <reference path="./c.d.ts" />\n  type B = \`//\`;`))
    .toBe(`type A = "/* no */";\n/// <reference path="./c.d.ts" />\ntype B = \`//\`;`);
});

test("declarations inside `declare global` count as global", async () => {
  const chunks = libraryChunks(await loadCompiler(), [
    `export {}; type Hidden = 1; declare global { interface A { b(): void } var C: A; }`,
  ]);
  expect(chunks.map(({ name, text }) => [name, text])).toEqual([["A", "interface A {"], [
    "typeof C",
    "declare var C: A;",
  ]]);
});

test("the types of Bun and Node are complete: every file that one refers to is there", async () => {
  const files = await loadRuntimeTypes();
  expect(files.size).toBeGreaterThan(100);
  for (const [path, text] of files) {
    for (const [, reference = ""] of text.matchAll(/^\/\/\/ <reference path="([^"]+)"/gm)) {
      expect(files.has(new URL(reference, `file:///${path}`).pathname.slice(1)), `${reference} of ${path}`).toBe(true);
    }
  }
});
