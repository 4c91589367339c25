import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Method, Type } from "../schema.ts";
import { readSource, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

/** The type of the result of `f`, and the named types beside it. */
async function result(source: string): Promise<Type> {
  return (await method(source)).result;
}

async function method(source: string): Promise<Method> {
  return (await readSource(source)).schema.methods["f"]!;
}

async function typeNamed(name: string, source: string): Promise<Type | undefined> {
  return (await readSource(source)).schema.types[name]?.type;
}

const number: Type = { kind: "number" };
const string: Type = { kind: "string" };

function object(properties: { [name: string]: Type | [Type] }, index?: Type): Type {
  return {
    kind: "object",
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, type]) => [
        name,
        Array.isArray(type) ? { type: type[0], optional: true } : { type },
      ]),
    ),
    ...(index === undefined ? {} : { index }),
  };
}

function union(...members: Type[]): Type {
  return { kind: "union", members };
}

function literal(value: string | number | boolean): Type {
  return { kind: "literal", value };
}

test("primitives are read as what they are", async () => {
  const { schema } = await readSource(`
    export function f(a: string, b: number, c: boolean, d: bigint, e: null, f: undefined, g: unknown): void {}
  `);
  expect(schema.methods["f"]!.params.map((param) => param.type.kind)).toEqual([
    "string",
    "number",
    "boolean",
    "bigint",
    "null",
    "undefined",
    "unknown",
  ]);
  expect(schema.methods["f"]!.result).toEqual({ kind: "undefined" });
});

test("literals of every kind are read with their value", async () => {
  expect(await result(`export const f = (): "a" | 1 | -2.5 | true => "a";`))
    .toEqual(union(literal("a"), literal(1), literal(-2.5), literal(true)));
  expect(await result(`export const f = (): -9223372036854775808n => null!;`))
    .toEqual({ kind: "bigintLiteral", value: "-9223372036854775808" });
});

test("the result of an async function is what its promise resolves to", async () => {
  expect(await result(`export async function f() { return 1; }`)).toEqual(number);
  expect(await result(`export function f(): Promise<Promise<string>> { return null!; }`)).toEqual(string);
  expect(await result(`export function f(): PromiseLike<string> | string { return ""; }`)).toEqual(string);
});

test("an inferred result is read like a written one", async () => {
  expect(
    await result(`
    const rows = new Map<string, { at: Date; tags: string[] }>();
    export function f(id: string) {
      const row = rows.get(id);
      if (!row) return null;
      return { id, ...row, count: row.tags.length, first: row.tags[0], label: \`\${id}!\`, fixed: "x" as const };
    }
  `),
  ).toEqual(union(
    object({
      count: number,
      first: string,
      label: string,
      fixed: literal("x"),
      at: { kind: "date" },
      tags: { kind: "array", items: string },
      id: string,
    }),
    { kind: "null" },
  ));
});

test("a function that always throws gives nothing", async () => {
  expect(await result(`export const f = () => { throw new Error("no"); };`)).toEqual({ kind: "undefined" });
});

test("arrays and readonly arrays are the same", async () => {
  const strings: Type = { kind: "array", items: string };
  expect(await result(`export const f = (): string[] => [];`)).toEqual(strings);
  expect(await result(`export const f = (): readonly string[] => [];`)).toEqual(strings);
  expect(await result(`export const f = (): ReadonlyArray<string> => [];`)).toEqual(strings);
  expect(await result(`export const f = (): string[][] => [];`)).toEqual({ kind: "array", items: strings });
});

test("tuples keep their elements, optional ones and the rest", async () => {
  expect(await result(`export const f = (): [x: number, label?: string, ...more: boolean[]] => [1];`)).toEqual({
    kind: "tuple",
    items: [{ type: number }, { type: string, optional: true }],
    rest: { kind: "boolean" },
  });
  expect(await result(`export const f = () => [1, "a"] as const;`))
    .toEqual({ kind: "tuple", items: [{ type: literal(1) }, { type: literal("a") }] });
});

test("maps, sets, dates and bytes are read, the read-only ones too", async () => {
  expect(await result(`export const f = (): Map<string, Date> => new Map();`))
    .toEqual({ kind: "map", key: string, value: { kind: "date" } });
  expect(await result(`export const f = (): ReadonlyMap<number, ReadonlySet<bigint>> => new Map();`))
    .toEqual({ kind: "map", key: number, value: { kind: "set", items: { kind: "bigint" } } });
  expect(await result(`export const f = () => new Set(["a"]);`)).toEqual({ kind: "set", items: string });
  expect(await result(`export const f = () => new TextEncoder().encode("a");`)).toEqual({ kind: "bytes" });
  expect(await result(`export const f = () => Buffer.from("a");`)).toEqual({ kind: "bytes" });
});

test("a record with string keys is an object with an index", async () => {
  expect(await result(`export const f = (): Record<string, number> => ({});`)).toEqual(object({}, number));
  expect(await result(`export const f = (): { total: number; [name: string]: number } => ({ total: 1 });`))
    .toEqual(object({ total: number }, number));
  expect(await result(`export const f = (): Record<"a" | "b", number> => ({ a: 1, b: 2 });`))
    .toEqual(object({ a: number, b: number }));
});

test("a property that may be undefined is optional", async () => {
  expect(await result(`export const f = (): { a?: string; b: string | undefined; c?: string | null } => null!;`))
    .toEqual(object({ a: [string], b: [string], c: [union(string, { kind: "null" })] }));
});

test("enums are unions of their values, under their name", async () => {
  const source = (head: string): string => `
    ${head} Level { Low, Mid = 5, High }
    ${head} Color { Red = "red", Blue = "blue" }
    export const f = (): { level: Level; color?: Color | null; one: Color.Red } => null!;
  `;
  for (const head of ["enum", "const enum"]) {
    const { schema } = await readSource(source(head));
    expect(schema.types["Level"]!.type).toEqual(union(literal(0), literal(5), literal(6)));
    expect(schema.types["Color"]!.type).toEqual(union(literal("red"), literal("blue")));
    expect(schema.methods["f"]!.result).toEqual(object({
      level: { kind: "ref", name: "Level" },
      color: [union({ kind: "ref", name: "Color" }, { kind: "null" })],
      one: literal("red"),
    }));
  }
});

test("boolean stays one type inside a union", async () => {
  expect(await result(`export const f = (): boolean | string | null => null;`))
    .toEqual(union({ kind: "boolean" }, string, { kind: "null" }));
});

test("interfaces, aliases and classes get a definition with their name and description", async () => {
  const { schema } = await readSource(`
    /** Somebody. */
    export interface User { /** Never changes. */ id: string; friends: User[] }
    type Shape = { kind: "circle"; radius: number } | { kind: "square"; side: number };
    /** Where it is. */
    class Point { constructor(readonly x: number, public y: number, label = "") {} distance() { return this.x; } get far() { return 1; } static zero = 0; }
    export function f(user: User, shape: Shape): Point { return new Point(1, 2); }
  `);
  expect(schema.types["User"]).toEqual({
    doc: "Somebody.",
    type: {
      kind: "object",
      properties: {
        id: { doc: "Never changes.", type: string },
        friends: { type: { kind: "array", items: { kind: "ref", name: "User" } } },
      },
    },
  });
  expect(schema.types["Shape"]!.type).toEqual(union(
    object({ kind: literal("circle"), radius: number }),
    object({ kind: literal("square"), side: number }),
  ));
  expect(schema.types["Point"]).toEqual({ doc: "Where it is.", type: object({ x: number, y: number }) });
});

test("an alias of a primitive keeps its name, description and constraints wherever it is written", async () => {
  const { schema } = await readSource(`
    /** Who. @minLength 3 */
    type UserId = string;
    interface Row { id: UserId; other?: UserId; all: readonly UserId[]; maybe: UserId | null; by: Map<UserId, UserId> }
    export async function f(id: UserId, ...more: UserId[]): Promise<Row> { return null!; }
  `);
  const id: Type = { kind: "ref", name: "UserId" };
  expect(schema.types["UserId"]).toEqual({ doc: "Who.", type: { kind: "string", minLength: 3 } });
  expect(schema.methods["f"]!.params).toEqual([{ name: "id", type: id }, { name: "more", type: id, rest: true }]);
  expect(schema.types["Row"]!.type).toEqual(object({
    id,
    other: [id],
    all: { kind: "array", items: id },
    maybe: union(id, { kind: "null" }),
    by: { kind: "map", key: id, value: id },
  }));
});

test("two types of one name are told apart", async () => {
  const { schema } = await readSource({
    "service.ts": `
      import type { Item as Other } from "./other.ts";
      interface Item { here: string }
      export function f(item: Item, other: Other) {}
    `,
    "other.ts": `export interface Item { there: number }`,
  });
  expect(Object.keys(schema.types).sort()).toEqual(["Item", "Item2"]);
  expect(schema.methods["f"]!.params.map((param) => param.type)).toEqual([
    { kind: "ref", name: "Item" },
    { kind: "ref", name: "Item2" },
  ]);
});

test("recursive types end in a reference", async () => {
  expect(await typeNamed("Tree", `interface Tree { children: Tree[] } export const f = (): Tree => null!;`))
    .toEqual(object({ children: { kind: "array", items: { kind: "ref", name: "Tree" } } }));
  expect(
    await typeNamed(
      "Json",
      `type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
       export const f = (): Json => null;`,
    ),
  ).toEqual(union(
    { kind: "boolean" },
    number,
    string,
    { kind: "array", items: { kind: "ref", name: "Json" } },
    object({}, { kind: "ref", name: "Json" }),
    { kind: "null" },
  ));
});

test("types that refer to each other across files are read once each", async () => {
  const { schema } = await readSource({
    "service.ts": `import type { A } from "./a.ts"; export const f = (a: A): A => a;`,
    "a.ts": `import type { B } from "./b.ts"; export interface A { b?: B }`,
    "b.ts": `import type { A } from "./a.ts"; export interface B { a?: A }`,
  });
  expect(Object.keys(schema.types)).toEqual(["A", "B"]);
});

test("generic types are read as instantiated, each version under its own name", async () => {
  const { schema } = await readSource(`
    interface User { id: string }
    interface Page<T> { items: T[]; next?: string }
    type Result<T, E = string> = { ok: true; value: T } | { ok: false; error: E };
    export function f(a: Page<User>, b: Page<number>): Result<Date> { return null!; }
  `);
  expect(Object.keys(schema.types)).toEqual(["PageOfNumber", "PageOfUser", "ResultOfDateAndString", "User"]);
  expect(schema.types["PageOfUser"]!.type)
    .toEqual(object({ items: { kind: "array", items: { kind: "ref", name: "User" } }, next: [string] }));
});

test("mapped and conditional types are read as what they come to", async () => {
  expect(
    await result(`
    interface User { id: string; age: number; email?: string }
    type Changes<T> = { [K in keyof T as \`new_\${string & K}\`]?: T[K] };
    type Elements<T> = T extends (infer U)[] ? U : never;
    export const f = (): {
      partial: Partial<User>; picked: Pick<User, "id">; omitted: Omit<User, "id">; required: Required<User>;
      changes: Changes<Pick<User, "age">>; element: Elements<Date[]>; known: NonNullable<string | null>;
      extracted: Extract<"a" | "b" | 1, string>; all: Readonly<User>["age"]; keys: keyof User;
      returned: Awaited<ReturnType<() => Promise<number>>>;
    } => null!;
  `),
  ).toEqual(object({
    partial: object({ id: [string], age: [number], email: [string] }),
    picked: object({ id: string }),
    omitted: object({ age: number, email: [string] }),
    required: object({ id: string, age: number, email: string }),
    changes: { kind: "ref", name: "Changes" },
    element: { kind: "date" },
    known: string,
    extracted: union(literal("a"), literal("b")),
    all: number,
    keys: union(literal("id"), literal("age"), literal("email")),
    returned: number,
  }));
});

test("an intersection of objects is one object", async () => {
  expect(await result(`export const f = (): { a: string } & { b?: number } & Partial<{ c: string }> => null!;`))
    .toEqual(object({ a: string, b: [number], c: [string] }));
});

test("a branded primitive or container is what it brands", async () => {
  const { schema } = await readSource(`
    declare const brand: unique symbol;
    type UserId = string & { readonly __brand: "UserId" };
    type Cents = number & { readonly [brand]: "Cents" };
    type Names = string[] & { readonly __brand: "Names" };
    type Point = { x: number } & { readonly [brand]: "Point" };
    export const f = (id: UserId, cents: Cents, names: Names): Point => null!;
  `);
  expect(schema.types).toMatchObject({
    UserId: { type: string },
    Cents: { type: number },
    Names: { type: { kind: "array", items: string } },
    Point: { type: object({ x: number }) },
  });
});

test("the number types of the SDK survive aliases, generics, inference and mapping", async () => {
  const u8: Type = { kind: "integer", format: "u8" };
  expect(
    await result(`
    import type { f32, i8, i16, i32, i64, u8, u16, u32, u64 } from "cell";
    type Percent = u8;
    interface Box<T> { value: T }
    const level = (): u8 => 3;
    export function f(all: Partial<{ a: i8; b: i16; c: u16; d: i32; e: u32; f: i64; g: u64; h: f32 }>, percent: Percent = 3) {
      return { percent, level: level(), boxed: null! as Box<u8>["value"], list: [level()], all, maybe: null! as u8 | null };
    }
  `),
  ).toEqual(object({
    percent: u8,
    level: u8,
    boxed: u8,
    list: { kind: "array", items: u8 },
    all: object({
      a: [{ kind: "integer", format: "i8" }],
      b: [{ kind: "integer", format: "i16" }],
      c: [{ kind: "integer", format: "u16" }],
      d: [{ kind: "integer", format: "i32" }],
      e: [{ kind: "integer", format: "u32" }],
      f: [{ kind: "bigint", format: "i64" }],
      g: [{ kind: "bigint", format: "u64" }],
      h: [{ kind: "number", format: "f32" }],
    }),
    maybe: union(u8, { kind: "null" }),
  }));
});

test("a template literal type is a string with a pattern", async () => {
  const type = await result("export const f = (): `user-${number}.${'a' | 'b'}` => null!;");
  expect(type.kind).toBe("string");
  expect(await result("export const f = (): `a${string}` | 'b.c' | null => null!;"))
    .toEqual(union({ kind: "string", pattern: "^(?:a[^]*|b\\.c)$" }, { kind: "null" }));
  const pattern = new RegExp((type as { pattern: string }).pattern, "u");
  for (const text of ["user-1.a", "user--1.5.b", "user-1e+21.a"]) expect(text).toMatch(pattern);
  for (const text of ["user-1.c", "user-x.a", "user-1xa", "my user-1.a", "user-1.ab"]) {
    expect(text).not.toMatch(pattern);
  }
});

test("an empty object that is returned is one, `this` is the class, and the library's data types are data", async () => {
  expect(await result(`export const f = () => ({});`)).toEqual(object({}));
  expect(await typeNamed("Node", `class Node { next?: this; v = 1 } export const f = (): Node => null!;`))
    .toEqual(object({ next: [{ kind: "ref", name: "Node" }], v: number }));
  expect(await result(`export const f = (): PromiseFulfilledResult<number> => null!;`))
    .toEqual(object({ status: literal("fulfilled"), value: number }));
});

test("properties are in the order in which they are written", async () => {
  const { schema } = await readSource(`interface Z { z: 1; a: 2; m: 3 } export const f = (): Z => null!;`);
  const { type } = schema.types["Z"]!;
  expect(type.kind === "object" && Object.keys(type.properties)).toEqual(["z", "a", "m"]);
});
