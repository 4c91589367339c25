import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Type } from "../schema.ts";
import { problemsOf, readSource, removeFolders } from "./testing/fixture.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

afterAll(removeFolders);

/** The properties of the interface `T` in a source. */
async function properties(body: string, rest = ""): Promise<{ [name: string]: Type }> {
  const source = `import type { u8, i64 } from "cell"; ${rest} interface T { ${body} } export const f = (t: T) => {};`;
  const { type } = (await readSource(source)).schema.types["T"]!;
  if (type.kind !== "object") throw new Error("expected an object");
  return Object.fromEntries(Object.entries(type.properties).map(([name, property]) => [name, property.type]));
}

async function messages(body: string, rest = ""): Promise<string[]> {
  const source = `import type { u8, i64 } from "cell"; ${rest} interface T { ${body} } export const f = (t: T) => {};`;
  return (await problemsOf(source)).map(({ message }) => message);
}

test("every constraint is read at properties", async () => {
  expect(
    await properties(`
    /** How much. @minimum 1.5 @maximum 1e3 */
    a: number;
    /**
     * @minimum 3
     */
    b: u8;
    /** @minimum -5 @maximum 9007199254740993 */ c: i64;
    /** @minLength 1 @maxLength 10 */ d: string;
    /** @pattern ^[^@ ]+@[a-z.]+$ */ e: string;
    /** @maxLength 1_000 */ g: Uint8Array;
    /** @minItems 1 @maxItems 3 */ h: string[];
    /** @maxItems 3 */ i: Set<string>;
    /** @minItems 1 */ j: Map<string, number>;
  `),
  ).toEqual({
    a: { kind: "number", minimum: 1.5, maximum: 1000 },
    b: { kind: "integer", format: "u8", minimum: 3 },
    c: { kind: "bigint", format: "i64", minimum: "-5", maximum: "9007199254740993" },
    d: { kind: "string", minLength: 1, maxLength: 10 },
    e: { kind: "string", pattern: "^[^@ ]+@[a-z.]+$" },
    g: { kind: "bytes", maxLength: 1000 },
    h: { kind: "array", items: { kind: "string" }, minItems: 1, maxItems: 3 },
    i: { kind: "set", items: { kind: "string" }, maxItems: 3 },
    j: { kind: "map", key: { kind: "string" }, value: { kind: "number" }, minItems: 1 },
  });
});

test("in a union and beside undefined a constraint is for what it fits", async () => {
  expect(await properties(`/** @minLength 1 */ a?: string | null; /** @minimum 2 */ b: number | "none";`)).toEqual({
    a: { kind: "union", members: [{ kind: "string", minLength: 1 }, { kind: "null" }] },
    b: { kind: "union", members: [{ kind: "number", minimum: 2 }, { kind: "literal", value: "none" }] },
  });
});

test("constraints of an alias and of a property add up", async () => {
  const rest = `/** @minimum 1 @maximum 100 */ type Percent = number; /** @minItems 2 */ type Names = string[];`;
  expect(await properties(`/** @minimum 10 @maximum 200 */ a: Percent; b: Percent; /** @maxItems 5 */ c: Names`, rest))
    .toEqual({
      a: { kind: "number", minimum: 10, maximum: 100 },
      b: { kind: "ref", name: "Percent" },
      c: { kind: "array", items: { kind: "string" }, minItems: 2, maxItems: 5 },
    });
});

test("an alias of an alias has the constraints of both", async () => {
  const { schema } = await readSource(`
    /** @minimum 0 */ type Positive = number;
    /** @maximum 100 */ type Percent = Positive;
    type Same = Positive;
    export function f(a: Percent, b: Same) {}
  `);
  expect(schema.types["Percent"]!.type).toEqual({ kind: "number", minimum: 0, maximum: 100 });
  expect(schema.types["Same"]!.type).toEqual({ kind: "number", minimum: 0 });
});

test("a Record keeps the constraints of its values", async () => {
  const rest = "/** @minimum 0 */ type Positive = number;";
  const positive = { kind: "ref", name: "Positive" };
  expect(await properties(`a: Record<string, Positive>; b?: Record<"x" | "y", Positive | null>;`, rest)).toEqual({
    a: { kind: "object", properties: {}, index: positive },
    b: {
      kind: "object",
      properties: {
        x: { type: { kind: "union", members: [positive, { kind: "null" }] } },
        y: { type: { kind: "union", members: [positive, { kind: "null" }] } },
      },
    },
  } as unknown as { [name: string]: Type });
});

test("a property that several objects of an intersection declare has the constraints of each", async () => {
  const { schema } = await readSource(`
    interface Least { /** @minimum 2 */ count: number }
    export function f(a: Least & { /** @maximum 7 */ count: number; name: string }) {}
  `);
  expect(schema.methods["f"]!.params[0]!.type).toMatchObject({
    properties: { count: { type: { kind: "number", minimum: 2, maximum: 7 } } },
  });
});

test("constraints stand at parameters and at the SDK's types under an alias too", async () => {
  const { schema } = await readSource(`
    import type { u32 } from "cell";
    /** @maximum 1000 */ type Count = u32;
    export function f(/** @minLength 2 */ a: string, b: Count, c: Partial<{ /** @minimum 3 */ x: number }>) {}
  `);
  expect(schema.methods["f"]!.params.map(({ type }) => type)).toMatchObject([
    { kind: "string", minLength: 2 },
    { kind: "ref", name: "Count" },
    { properties: { x: { type: { minimum: 3 } } } },
  ]);
  expect(schema.types["Count"]!.type).toEqual({ kind: "integer", format: "u32", maximum: 1000 });
});

test("a mapped type that changes a property's type leaves its constraints behind", async () => {
  const { schema } = await readSource(`
    interface User { /** How old. @minimum 1 */ age: number }
    type Flags<T> = { [K in keyof T]: boolean };
    export function f(flags: Flags<User>) {}
  `);
  expect(schema.types["FlagsOfUser"]!.type).toEqual({
    kind: "object",
    properties: { age: { doc: "How old.", type: { kind: "boolean" } } },
  });
});

test("a comment is not a constraint because it mentions one in quotes", async () => {
  expect(await properties("/** Unlike \`@minimum 3\` and mail@minimum.org this says nothing. */ a: number;"))
    .toEqual({ a: { kind: "number" } });
});

test("a malformed constraint is refused", async () => {
  expect(await messages(`/** @minimum abc */ a: number;`)).toEqual([`@minimum expects a number, found "abc"`]);
  expect(await messages(`/** @minimum 1.5 */ a: u8;`))
    .toEqual([`@minimum of an integer expects a whole number, found "1.5"`]);
  expect(await messages(`/** @minimum 1.5 */ a: i64;`))
    .toEqual([`@minimum of a bigint expects a whole number, found "1.5"`]);
  expect(await messages(`/** @minLength -1 */ a: string;`))
    .toEqual([`@minLength expects a whole number from 0, found "-1"`]);
  expect(await messages(`/** @pattern ( */ a: string;`))
    .toEqual([expect.stringContaining("@pattern expects a regular expression (flag u): ")]);
  expect(await messages(`/** @pattern /^a$/i */ a: string;`))
    .toEqual(["@pattern expects a regular expression without slashes around it, found /^a$/i"]);
  expect(await messages(`/** @pattern */ a: string;`))
    .toEqual(["@pattern expects a regular expression, found nothing"]);
  expect(await messages("/** @pattern ^(a+)+\\1$ */ a: string;"))
    .toEqual([expect.stringContaining("@pattern: matching /^(a+)+\\1$/ could take too long: ")]);
});

test("a constraint on a type that it does not fit is refused", async () => {
  expect(await messages(`/** @minLength 3 */ a: number;`))
    .toEqual(["@minLength is for strings and Uint8Array, found number"]);
  expect(await messages(`/** @minimum 3 */ a: Date;`)).toEqual(["@minimum is for numbers and bigints, found date"
    .replace("date", "Date")]);
  expect(await messages(`/** @maxItems 3 */ a: [string];`))
    .toEqual(["@maxItems is for arrays, sets and maps, found [string]"]);
});

test("bounds that no value meets are refused", async () => {
  expect(await messages(`/** @minimum 3 @maximum 2 */ a: number;`)).toEqual(["@minimum 3 is greater than @maximum 2"]);
  expect(await messages(`/** @minItems 3 @maxItems 2 */ a: string[];`))
    .toEqual(["@minItems 3 is greater than @maxItems 2"]);
  expect(await messages(`/** @minimum 256 */ a: u8;`))
    .toEqual(["no u8 is within the bounds: it goes from 0 to 255"]);
  expect(await messages(`/** @pattern b */ a: P;`, `/** @pattern a */ type P = string;`))
    .toEqual(["@pattern is given twice: here and by the type; keep one of them"]);
});

test("a tag that is nearly one of ours is refused, because nothing would check it", async () => {
  expect(await messages(`/** @max 3 */ a: number;`)).toEqual(["there is no @max; write @maximum"]);
  expect(await messages(`/** @minlength 3 */ a: string;`)).toEqual(["there is no @minlength; write @minLength"]);
});

test("other tags are nobody's business", async () => {
  expect(await properties(`/** @constructor @default 3 @see @deprecated yes */ a: number; /** @toString */ b: string;`))
    .toEqual({ a: { kind: "number" }, b: { kind: "string" } });
});

test("a constraint on a function is refused at its place", async () => {
  const [problem] = await problemsOf(`\n/**\n * Adds.\n * @minimum 3\n */\nexport function f(a: number) {}`);
  expect(problem).toMatchObject({
    line: 4,
    column: 4,
    path: "f",
    message: "@minimum has no effect on a function; write it at a property or a type alias",
  });
});

test("what a package writes in its comments for other tools is no problem", async () => {
  const { schema } = await readSource({
    "service.ts": `import type { T } from "pack"; export const f = (t: T) => {};`,
    "node_modules/pack/package.json": `{ "name": "pack", "types": "index.d.ts" }`,
    "node_modules/pack/index.d.ts":
      `export interface T { /** @minimum low @max 3 */ a: number; /** @minimum 2 */ b: number }`,
  });
  expect(schema.types["T"]!.type).toMatchObject({
    properties: { a: { type: { kind: "number" } }, b: { type: { kind: "number", minimum: 2 } } },
  });
});
