import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { TYPE_DEPTH_MAX } from "../limits.ts";
import { locate, SchemaErrors } from "./problems.ts";
import { read } from "./read.ts";
import { folderWith, problemsOf, readSource, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

/** `path: message; hint` of every problem of a source. */
async function texts(source: string): Promise<string[]> {
  return (await problemsOf(source)).map(({ path, message, hint }) => `${path}: ${message}; ${hint}`);
}

/** Of a type as the one parameter of `f`. */
async function ofType(type: string, rest = ""): Promise<string[]> {
  return (await texts(`${rest}\nexport function f(value: ${type}) {}`))
    .map((text) => text.replace(/^f → args\[0\]/, "at"));
}

test("a problem names the file, the line, the column and the place in the type, and shows the line", async () => {
  const [problem] = await problemsOf({
    "service.ts": `import type { Options } from "./options.ts";\nexport function save(options: Options) {}\n`,
    "options.ts": `export interface Options {\n\tname: string;\n\tonDone: (error?: Error) => void;\n}\n`,
  });
  expect(problem).toEqual({
    file: "options.ts",
    line: 3,
    column: 2,
    path: "save → args[0].onDone",
    message: "a function cannot cross the wire",
    hint: "send data; to be told of what happens, return an AsyncIterable",
    excerpt: "3 | \tonDone: (error?: Error) => void;\n  | \t^^^^^^",
  });
});

test("the message of all problems is readable as it is", async () => {
  const folder = folderWith({
    "service.ts": `export function a(x: symbol) {}\nexport function b(): WeakMap<object, string> { return null!; }`,
  });
  const reading = read(join(folder, "service.ts"), { name: "service", remoteDeclarations: () => undefined });
  const error = await reading.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SchemaErrors);
  expect((error as SchemaErrors).code).toBe("INVALID_ARGUMENT");
  expect((error as SchemaErrors).message.replaceAll(folder, "")).toBe([
    "/service.ts:1:19: a → args[0]: a symbol cannot cross the wire; use a string, or a union of string literals",
    "    1 | export function a(x: symbol) {}",
    "      |                   ^^^^^^^^^",
    "",
    "/service.ts:2:22: b → result: WeakMap cannot cross the wire; write a Map",
    "    2 | export function b(): WeakMap<object, string> { return null!; }",
    "      |                      ^^^^^^^^^^^^^^^^^^^^^^^",
  ].join("\n"));
});

test("every problem is found, not only the first", async () => {
  const problems = await problemsOf(`
    export function a(one: { f: () => void; g: symbol; ok: string }, two: object): Promise<never[]> { return null!; }
    export function b<T>(x: T) {}
    export const c = (x: HTMLElement) => 1;
  `);
  expect(problems.map(({ path }) => path))
    .toEqual(["a → args[0].f", "a → args[0].g", "a → args[1]", "a → result[]", "b", "c → args[0]"]);
});

test("what cannot cross the wire is refused with what to write instead", async () => {
  const cases: [type: string, problem: string][] = [
    [
      "() => void",
      "at: a function cannot cross the wire; send data; to be told of what happens, return an AsyncIterable",
    ],
    [
      "{ run(): void }",
      "at.run: a function cannot cross the wire; send data; to be told of what happens, return an AsyncIterable",
    ],
    ["Function", "at: Function cannot cross the wire; send data; to be told of what happens, return an AsyncIterable"],
    ["symbol", "at: a symbol cannot cross the wire; use a string, or a union of string literals"],
    [
      "any",
      "at: the type is any, which says nothing about what crosses the wire; write the type, or unknown for any value",
    ],
    [
      "any[]",
      "at[]: the type is any, which says nothing about what crosses the wire; write the type, or unknown for any value",
    ],
    ["never", "at: the type is never, which has no values; write the type of the values, such as string[] for []"],
    ["object", "at: object says nothing about its properties; write an interface, or Record<string, unknown>"],
    [
      "{}",
      "at: {} admits every value but null and undefined; write unknown for any value, Record<string, unknown> for any object",
    ],
    ["Object", "at: Object cannot cross the wire; write an interface, or Record<string, unknown>"],
    ["{ a: Promise<string> }", "at.a: Promise cannot cross the wire; await it, and write the type of its value"],
    [
      "{ a: AsyncIterable<string> }",
      "at.a: AsyncIterable cannot cross the wire; a stream can only be a whole result or a whole parameter",
    ],
    ["Iterable<string>", "at: Iterable cannot cross the wire; write an array, or AsyncIterable for a stream"],
    ["WeakMap<object, string>", "at: WeakMap cannot cross the wire; write a Map"],
    ["RegExp", "at: RegExp cannot cross the wire; send its source as a string"],
    ["Error", "at: Error cannot cross the wire; throw it to fail the call, or send its message as a string"],
    ["RangeError", "at: RangeError cannot cross the wire; throw it to fail the call, or send its message as a string"],
    ["URL", "at: URL cannot cross the wire; send its href as a string"],
    ["Response", "at: Response cannot cross the wire; send what is needed of it, such as its status and its bytes"],
    ["ArrayBuffer", "at: ArrayBuffer cannot cross the wire; write Uint8Array"],
    ["Float64Array", "at: Float64Array cannot cross the wire; write number[], or Uint8Array for its bytes"],
    ["BigInt64Array", "at: BigInt64Array cannot cross the wire; write bigint[], or Uint8Array for its bytes"],
    [
      "AbortSignal",
      'at: AbortSignal cannot cross the wire; a caller cancels the call itself: see context().signal of "cell"',
    ],
    [
      "HTMLElement",
      "at: HTMLElement belongs to a browser's page and cannot cross the wire; send the data that is needed of it",
    ],
    [
      "{ [key: number]: string }",
      "at: keys of type number become strings in an object; write Record<string, ...>, or a Map for keys that are no strings",
    ],
    ["Map<Date, string>", "at[key]: the keys of a map cannot be Date; use string, number, bigint or literals as keys"],
    ["[...string[], number]", "at: a tuple can have a rest element only at its end; write an array, or an object"],
    [
      "string[] & { total: number }",
      "at: string[] cannot carry the properties of { total: number; } across the wire; put both into an object, each in its own property",
    ],
    ["99999999999999999999n", "at: the literal 99999999999999999999n does not fit 64 bits; send it as a string"],
    ["Uppercase<string>", "at: Uppercase<string> has no regular expression; write string with a @pattern"],
    [
      "{ a: string } | { b: string }",
      'at: a receiver cannot tell the 2 object types { a: string }, { b: string } in one union apart: no property is required in all of them with a different literal type in each; add one, such as kind: "a" to the first and kind: "b" to the second',
    ],
    [
      "number | bigint",
      "at: a receiver cannot tell number and bigint in one union apart: other languages write both as integers; use only one of them",
    ],
    [
      "{ __proto__: string }",
      "at.__proto__: a property with this key cannot cross the wire; use a property with another name",
    ],
  ];
  for (const [type, expected] of cases) expect(await ofType(type), type).toEqual([expected]);
});

test("declared types that are more than data are refused", async () => {
  expect(await ofType("Account", "class Account { #cents = 0; name = ''; }"))
    .toEqual(["at: Account has private state (#cents), which would be lost; send an interface with the public data"]);
  expect(await ofType("Account", "class Account { private cents = 0; }"))
    .toEqual(["at: Account has private state (cents), which would be lost; send an interface with the public data"]);
  expect(await ofType("Failure", "class Failure extends Error { code = 1; }"))
    .toEqual([
      "at: what extends Error cannot cross the wire; throw it to fail the call, or send its message as a string",
    ]);
  expect(await ofType("typeof Account", "class Account { name = ''; }"))
    .toEqual(["at: a function cannot cross the wire; send data; to be told of what happens, return an AsyncIterable"]);
  expect(await ofType("Tagged", "const tag = Symbol(); interface Tagged { [Symbol.toStringTag]: string }")).toEqual([
    "at[Symbol.toStringTag]: a property with this key cannot cross the wire; use a property with another name",
  ]);
  expect(await ofType("Tagged", "const tag = Symbol(); interface Tagged { a: string; [tag]: string }")).toEqual([
    "at[tag]: a property with this key cannot cross the wire; use a property with another name",
  ]);
  expect(await ofType("Nothing", "interface Nothing {}"))
    .toEqual([
      "at: Nothing admits every value but null and undefined; write unknown for any value, Record<string, unknown> for any object",
    ]);
  expect(await ofType("Child", "interface Child extends Missing { a: string }"))
    .toEqual(["at: the type of Missing, which it extends, is not known; declare or import it"]);
});

test("a signature that a call cannot carry is refused", async () => {
  const cases: [source: string, problem: string][] = [
    [
      "export function f(a: string): string; export function f(a: number): number; export function f(a: any): any {}",
      "f: f is overloaded: it has 2 signatures; write one signature with optional parameters or unions, or several functions",
    ],
    [
      "export const f = <T, U>(a: T, b: U): T => a;",
      "f: f is generic in T, U, which only callers know; write the types that it is called with",
    ],
    [
      "export function f(this: { a: string }, b: string) {}",
      "f: f has a this parameter, which no caller can give; take it as an ordinary parameter",
    ],
    [
      "export function f(a: AsyncIterable<string>, b: AsyncIterable<string>) {}",
      "f: a method takes at most one stream; send the others as arrays, or merge the streams into one",
    ],
    [
      "export function f(a?: AsyncIterable<string>) {}",
      "f → args[0]: a stream cannot be optional; leave the question mark out: an empty stream says the same",
    ],
    [
      "export function f(...a: AsyncIterable<string>[]) {}",
      "f → args[0]: a rest parameter cannot hold streams; take one AsyncIterable parameter",
    ],
    [
      "export async function* f() { yield 1; return 'end'; }",
      "f → result: the string that the generator returns at its end would be lost; yield it as the last item",
    ],
    [
      "export function f(...a: [...string[], number]) {}",
      "f → args[0]: only the last parameter can stand for any number of values; move it to the end",
    ],
    [
      "export const f = (text: string) => JSON.parse(text);",
      "f → result: the type is any, which says nothing about what crosses the wire; write the type, or unknown for any value",
    ],
  ];
  for (const [source, expected] of cases) expect(await texts(source), source).toEqual([expected]);
});

test("a type without an end is refused", async () => {
  expect(await ofType("Nest<string>", "interface Nest<T> { value: T; inner?: Nest<T[]> }")).toEqual([
    expect.stringContaining("Nest refers to itself with ever larger type arguments, so it has no end"),
  ]);
  const depth = TYPE_DEPTH_MAX + 2;
  const deep = "{ a: ".repeat(depth) + "string" + " }".repeat(depth);
  expect(await ofType(deep)).toEqual([expect.stringContaining(`types are nested deeper than ${TYPE_DEPTH_MAX}`)]);
});

test("a long chain of types needs no deep stack", async () => {
  const length = 500;
  const chain = Array.from({ length }, (_, index) => `interface T${index} { next?: T${index + 1} }`).join("\n");
  const { schema } = await readSource(`${chain} interface T${length} { end: true } export const f = (t: T0) => {};`);
  expect(Object.keys(schema.types)).toHaveLength(length + 1);
});

test("a service that no client would accept is refused", async () => {
  const parameters = Array.from({ length: 300 }, (_, index) => `p${index}: string`).join(", ");
  await expect(readSource(`export function f(${parameters}) {}`)).rejects.toThrow(/f\.params: .*255/);
});

test("a name that means nothing is refused with the name that may be meant", async () => {
  const [problem] = await problemsOf(`interface Customer { id: string }\nexport function f(a: Custommer[]) {}`);
  expect(problem).toMatchObject({
    line: 2,
    column: 22,
    message: "there is no type named Custommer",
    hint: "declare or import it. Did you mean Customer?",
  });
});

test("syntax errors are shown at their place, all of them", async () => {
  const problems = await problemsOf({
    "service.ts": `import "./other.ts";\nexport function f( {}\n`,
    "other.ts": `const x = ;`,
  });
  expect(problems.map(({ file, line, column }) => `${file}:${line}:${column}`))
    .toEqual(["other.ts:1:11", "service.ts:3:1"]);
  expect(problems[0]!.excerpt).toBe("1 | const x = ;\n  |           ^");
});

test("imports that lead nowhere are shown at their place", async () => {
  const problems = await problemsOf(`
    import { a } from "./missing.ts";
    import type { B } from "no-such-package";
    export { c } from "../nowhere.ts";
    const optional = () => import("not-installed");
    export const f = () => 1;
  `);
  expect(problems.map(({ line, column, message, hint }) => ({ line, column, message, hint }))).toEqual([
    { line: 2, column: 23, message: `cannot find the module "./missing.ts"`, hint: "there is no such file" },
    {
      line: 3,
      column: 28,
      message: `cannot find the module "no-such-package"`,
      hint: "install the package beside the service",
    },
    { line: 4, column: 23, message: `cannot find the module "../nowhere.ts"`, hint: "there is no such file" },
  ]);
});

test("a file that does not exist is not found", async () => {
  const reading = read("/nowhere/service.ts", { name: "service", remoteDeclarations: () => undefined });
  await expect(reading).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: "cannot read /nowhere/service.ts: there is no such file",
  });
});

test("a long line is shown around the place", () => {
  const text = `${"x".repeat(5000)}HERE${"y".repeat(5000)}`;
  const { line, column, excerpt } = locate(text, 5000, 4);
  expect({ line, column }).toEqual({ line: 1, column: 5001 });
  const [source, marks] = excerpt.split("\n");
  expect(source!.length).toBeLessThan(200);
  expect(source!.slice(marks!.indexOf("^"), marks!.lastIndexOf("^") + 1)).toBe("HERE");
});
