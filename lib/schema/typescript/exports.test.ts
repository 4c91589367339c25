import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Files, problemsOf, readSource, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

async function origins(source: string | Files) {
  return (await readSource(source)).origins;
}

test("every exported function is a method, however it is exported", async () => {
  const files = {
    "service.ts": `
      export function declared() {}
      export async function later() {}
      export async function* many() { yield 1; }
      export const arrow = () => {};
      const inner = (x: number) => x;
      export { inner, inner as renamed };
      export { there } from "./other.ts";
      export * from "./all.ts";
      export const constant = 3;
      export class Data { method() {} }
      export interface Shape { x: number }
      export type Callback = () => void;
      export enum Level { Low }
      export const table = { f() {} };
      const hidden = () => {};
    `,
    "other.ts": `export const there = () => {}; export const elsewhere = () => {};`,
    "all.ts": `export function first() {} export function second() {} export default function third() {}`,
  };
  expect(Object.keys(await origins(files)).sort())
    .toEqual(["arrow", "declared", "first", "inner", "later", "many", "renamed", "second", "there"]);
});

test("a file that exports nothing callable is a service without methods", async () => {
  expect((await readSource(`console.log("a script");`)).schema.methods).toEqual({});
  expect((await readSource(`export const answer = 42;`)).schema.methods).toEqual({});
});

test("a default-exported function goes by its name", async () => {
  expect(await origins(`export default function greet() {}`)).toEqual({ greet: { export: "default" } });
  expect(await origins(`const greet = () => {}; export default greet;`)).toEqual({ greet: { export: "default" } });
  expect(await origins(`export default () => {};`)).toEqual({ default: { export: "default" } });
  expect(await origins(`export function greet() {} export default greet;`)).toHaveProperty("greet");
});

test("a default-exported class offers its public methods, inherited ones included", async () => {
  const { schema, origins, defaultClass } = await readSource(`
    abstract class Base {
      /** From the base. */
      inherited(): string { return ""; }
      protected internal() {}
      abstract promised(x: number): number;
    }
    /** Counts. */
    export default class Counter extends Base {
      #count = 0;
      static create() { return new Counter(); }
      constructor(start = 0) { super(); this.#count = start; }
      count = 3;
      get value() { return this.#count; }
      add(by: number): number { return this.#count += by; }
      arrow = async (text: string) => text;
      promised(x: number) { return x; }
      override toString() { return ""; }
      private secret() {}
      #hidden() {}
      [Symbol.dispose]() {}
    }
  `);
  expect(defaultClass).toBe(true);
  expect(schema.doc).toBe("Counts.");
  expect(Object.keys(schema.methods)).toEqual(["add", "arrow", "inherited", "promised", "toString"]);
  expect(schema.methods["inherited"]!.doc).toBe("From the base.");
  expect(origins["add"]).toEqual({ export: "default", member: "add" });
});

test("a class that is named before it is the default export is a service too", async () => {
  expect(await origins(`class Counter { add() {} } export { Counter as default };`))
    .toEqual({ add: { export: "default", member: "add" } });
});

test("methods of the library's classes are not offered", async () => {
  expect(Object.keys(await origins(`export default class Store extends Map<string, number> { sum() { return 1; } }`)))
    .toEqual(["sum"]);
});

test("a class that nobody can instantiate is refused", async () => {
  const messages = async (source: string) => (await problemsOf(source)).map(({ message }) => message);
  expect(await messages(`export default class A { constructor(path: string) {} f() {} }`))
    .toEqual(["the constructor needs arguments, but nobody is there to give them"]);
  expect(await messages(`export default abstract class A { f() {} }`))
    .toEqual(["an abstract class cannot be a service"]);
  expect(await messages(`export default class A<T> { f() {} }`)).toEqual(["a generic class cannot be a service"]);
});

test("a name that cannot be a method's is refused with the rule", async () => {
  const [problem] = await problemsOf(`export function größe() {}`);
  expect(problem).toMatchObject({
    line: 1,
    column: 17,
    message: `"größe" cannot be the name of a method`,
    hint: "a name has 1 to 128 letters a-z and A-Z, digits, _ and $, and does not begin with a digit",
  });
  expect((await problemsOf(`const f = () => {}; export { f as "not a name" };`))[0]!.message).toContain("not a name");
  expect((await problemsOf(`export function then() {}`))[0]!.message).toContain("counts as a promise");
});

test("two methods of one name are refused", async () => {
  const problems = await problemsOf(`export function add() {} export default class { add() {} }`);
  expect(problems.map(({ message }) => message)).toEqual(["there are two methods named add"]);
});

test("an export that is any is refused, because it may be a function", async () => {
  const problems = await problemsOf(`export const f: any = () => {}; export { nothing } from "./other.ts";`);
  expect(problems.length).toBeGreaterThan(0);
  const [problem] = await problemsOf(`export const f: any = () => {};`);
  expect(problem!.message).toBe("the type of the export f is any, so it is not known whether it is a method");
});

test("a re-exported name that does not exist is refused", async () => {
  const problems = await problemsOf({
    "service.ts": `export { nothing } from "./other.ts";`,
    "other.ts": `export const something = 1;`,
  });
  expect(problems.map(({ message }) => message)).toEqual(["nothing is exported, but there is nothing with that name"]);
});
