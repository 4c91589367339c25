import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Method, Type } from "../schema.ts";
import { type Files, readSource, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

async function methods(source: string | Files): Promise<{ [name: string]: Method }> {
  return (await readSource(source)).schema.methods;
}

/** A method without its fingerprint. */
async function f(source: string): Promise<Omit<Method, "gene">> {
  const { gene: _, ...rest } = (await methods(source))["f"]!;
  return rest;
}

const number: Type = { kind: "number" };
const string: Type = { kind: "string" };

test("optional parameters and those with a default may be left out", async () => {
  expect((await f(`export function f(a: string, b?: number, c = 3, d: Date | null = null) {}`)).params).toEqual([
    { name: "a", type: string },
    { name: "b", type: number, optional: true },
    { name: "c", type: number, optional: true },
    { name: "d", type: { kind: "union", members: [{ kind: "date" }, { kind: "null" }] }, optional: true },
  ]);
});

test("a default before a required parameter makes a parameter that admits undefined", async () => {
  expect((await f(`export function f(unit = "s", value: number, more: string | undefined) {}`)).params).toEqual([
    { name: "unit", type: { kind: "union", members: [string, { kind: "undefined" }] } },
    { name: "value", type: number },
    { name: "more", type: { kind: "union", members: [string, { kind: "undefined" }] } },
  ]);
});

test("rest parameters are read, those of a tuple type one by one", async () => {
  expect((await f(`export function f(a: string, ...rest: number[]) {}`)).params[1])
    .toEqual({ name: "rest", type: number, rest: true });
  expect((await f(`export function f(...rest: [at: Date, label?: string, ...values: number[]]) {}`)).params).toEqual([
    { name: "at", type: { kind: "date" } },
    { name: "label", type: string, optional: true },
    { name: "values", type: number, rest: true },
  ]);
});

test("destructured parameters get a name", async () => {
  expect((await f(`export function f({ a }: { a: number }, [b]: string[]) {}`)).params.map(({ name }) => name))
    .toEqual(["input", "input2"]);
});

test("every way to stream results is a stream", async () => {
  const ways = [
    `export async function* f(): AsyncGenerator<number> { yield 1; }`,
    `export async function* f() { yield 1; }`,
    `export function* f() { yield 1; }`,
    `export const f = async function* () { yield 1 as number; };`,
    `export function f(): AsyncIterable<number> { return null!; }`,
    `export function f(): AsyncIterableIterator<number> { return null!; }`,
    `export async function f(): Promise<AsyncIterable<number>> { return null!; }`,
    `export function f(): ReadableStream<number> { return new ReadableStream<number>(); }`,
    `export function f(): Iterable<number> { return [1]; }`,
    `export function f(): Generator<number, void, unknown> { return null!; }`,
    `export const f = () => new Map<string, number>().values();`,
    `interface Numbers extends AsyncIterable<number> {} export const f = (): Numbers => null!;`,
    `class Numbers<T> implements AsyncIterable<T> { async *[Symbol.asyncIterator](): AsyncGenerator<T> {} }
     export const f = (): AsyncIterable<number> => new Numbers<number>();`,
    `export async function* f() { yield Promise.resolve(1); }`,
  ];
  for (const source of ways) {
    const { result, resultStream } = await f(source);
    expect(resultStream, source).toBe(true);
    expect(result.kind === "literal" ? number : result, source).toEqual(number);
  }
});

test("arrays, sets, maps and strings are data, not streams", async () => {
  for (const type of ["number[]", "Set<number>", "Map<string, number>", "string", "[number]"]) {
    expect((await f(`export const f = (): ${type} => null!;`)).resultStream).toBeUndefined();
  }
});

test("asynchronous iterables as parameters are client streams, together with a streamed result both directions", async () => {
  for (
    const type of ["AsyncIterable<Date>", "AsyncGenerator<Date>", "ReadableStream<Date>", "AsyncIterableIterator<Date>"]
  ) {
    expect(await f(`export async function* f(limit: number, input: ${type}) { yield limit; }`)).toEqual({
      params: [{ name: "limit", type: number }, { name: "input", type: { kind: "date" }, stream: true }],
      result: number,
      resultStream: true,
    });
  }
});

test("an alias as a stream's item keeps its name", async () => {
  const source =
    `type Id = string; export async function* f(ids: AsyncIterable<Id>): AsyncGenerator<Id> { yield* ids; }`;
  expect(await f(source)).toMatchObject({
    params: [{ type: { kind: "ref", name: "Id" } }],
    result: { kind: "ref", name: "Id" },
  });
});

test("comments describe functions, parameters and their file", async () => {
  const { schema } = await readSource(`
    /**
     * Keeps notes.
     *
     * @module
     */
    /**
     * Adds a note, see {@link remove}.
     *
     * It stays until it is removed.
     * @param text - what it says
     * @param {Date} at when,
     *   roughly
     * @returns nothing
     */
    export async function add(text: string, at?: Date, /** Who wrote it. */ author = "nobody") {}
    // Not a description.
    export const remove = (id: string) => {};
    /** Shows one. */
    export const show = function (id: string) {};
  `);
  expect(schema.doc).toBe("Keeps notes.");
  const { add, remove, show } = schema.methods;
  expect(add!.doc).toBe("Adds a note, see remove.\n\nIt stays until it is removed.");
  expect(add!.params.map(({ doc }) => doc)).toEqual(["what it says", "when,\n  roughly", "Who wrote it."]);
  expect(remove!.doc).toBeUndefined();
  expect(show!.doc).toBe("Shows one.");
});

test("what method() is told is in the schema as far as it is constant", async () => {
  const { a, b, c } = await methods(`
    import { method } from "cell";
    const SECOND = 1000;
    /** Adds. */
    export const a = method({ idempotent: true, timeoutMs: 2 * SECOND }, async (x: number, y = 1) => x + y);
    export const b = method({ idempotent: false, timeoutMs: 30_000, maxConcurrency: 1 }, function* () { yield 1; });
    export const c = method({ timeoutMs: Number(process.env.LIMIT) }, () => {});
  `);
  expect(a).toMatchObject({ doc: "Adds.", idempotent: true, timeoutMs: 2000, result: number });
  expect(a!.params[1]).toEqual({ name: "y", type: number, optional: true });
  expect(b).toMatchObject({ timeoutMs: 30_000, resultStream: true });
  expect(b).not.toHaveProperty("idempotent");
  expect(c).not.toHaveProperty("timeoutMs");
});

test("type errors in bodies do not keep a file from being read", async () => {
  expect((await f(`export function f(): number { const x: string = 3; return x.nothing + nowhere; }`)).result)
    .toEqual(number);
});
