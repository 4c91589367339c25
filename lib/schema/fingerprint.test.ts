import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { canonicalMethod, finishSchema } from "./fingerprint.ts";
import { seeded, TypeGenerator } from "./random_type.ts";
import type { Definitions, Method, Schema, Type } from "./schema.ts";
import {
  array,
  boolean,
  definitions,
  integer,
  literal,
  method,
  nothing,
  number,
  numberIn,
  object,
  optional,
  ref,
  schema,
  string,
  stringOf,
  tuple,
  undefinedType,
  union,
} from "./type_builders.ts";

/** What is to take no time would take minutes or years if it were done otherwise: a minute tells the two apart anywhere. */
setDefaultTimeout(120_000);

type Types = { [name: string]: Type };

function geneOf(type: Type, types: Types = {}): string {
  return schema({ f: method([type]) }, types).methods["f"]!.gene;
}

describe("the canonical form", () => {
  test("is the graph of types, each class once, numbered by its text", () => {
    const { f } = schema({
      f: method([object({ name: string, "age?": integer("u8") })], object({ greeting: string })),
    }).methods;
    expect(canonicalMethod(f!, {})).toBe(
      '{"params":[{"type":1}],"result":2,"types":[{"format":"u8","kind":"integer"},' +
        '{"kind":"object","properties":{"age":{"optional":true,"type":0},"name":{"type":3}}},' +
        '{"kind":"object","properties":{"greeting":{"type":3}}},{"kind":"string"}]}',
    );
  });

  test("is JSON with sorted keys for every kind of type", () => {
    const random = seeded(5);
    const generator = new TypeGenerator(random);
    for (let count = 0; count < 200; count++) {
      const { type, types } = generator.next();
      const text = canonicalMethod({ params: [{ name: "p", type, optional: true }], result: type }, types);
      expect(sortedJson(JSON.parse(text))).toBe(text);
    }
  });
});

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${sortedJson(item)}`).join(",")}}`;
}

describe("fingerprints do not depend on", () => {
  const base: Types = {
    User: object({ name: string, "friend?": ref("User"), tags: array(ref("Tag")) }),
    Tag: stringOf({ minLength: 1 }),
  };

  test("names of types, parameters and services, descriptions, options", () => {
    const renamed: Types = {
      Person: object({ name: string, "friend?": ref("Person"), tags: array(stringOf({ minLength: 1 })) }),
    };
    const one = schema({ f: method([ref("User")], ref("User"), { idempotent: true, timeoutMs: 5 }) }, base);
    const other = finishSchema({
      name: "other",
      doc: "A service.",
      methods: {
        f: { doc: "A method.", params: [{ name: "who", doc: "Who.", type: ref("Person") }], result: ref("Person") },
      },
      types: { Person: { doc: "A person.", type: renamed["Person"]! } },
    });
    expect(other.species).toBe(one.species);
    expect(other.methods["f"]!.gene).toBe(one.methods["f"]!.gene);
  });

  test("the order of properties, methods and members of unions", () => {
    expect(geneOf(object({ a: string, b: number }))).toBe(geneOf(object({ b: number, a: string })));
    expect(geneOf(union(string, nothing, number))).toBe(geneOf(union(number, string, nothing)));
    const methods = { a: method([string]), b: method([number]) };
    expect(schema(methods).species).toBe(schema({ b: methods.b, a: methods.a }).species);
  });

  test("how unions are written", () => {
    expect(geneOf(union(ref("A"), nothing), { A: union(string, number) })).toBe(geneOf(union(string, nothing, number)));
    expect(geneOf(union(literal(true), string, literal(false)))).toBe(geneOf(union(boolean, string)));
    expect(geneOf(union(string, nothing, string))).toBe(geneOf(union(string, nothing)));
  });

  test("undefined where a value is optional anyway", () => {
    expect(geneOf(object({ "a?": union(string, undefinedType) }))).toBe(geneOf(object({ "a?": string })));
    expect(geneOf(tuple([optional(union(string, undefinedType))]))).toBe(geneOf(tuple([optional(string)])));
  });

  test("where a recursive type begins to repeat", () => {
    const list = object({ value: string, "next?": ref("List") });
    const unrolled = object({ value: string, "next?": object({ value: string, "next?": ref("List") }) });
    expect(geneOf(unrolled, { List: list })).toBe(geneOf(ref("List"), { List: list }));
    const twins: Types = {
      A: object({ value: string, "next?": ref("B") }),
      B: object({ value: string, "next?": ref("A") }),
    };
    expect(geneOf(ref("A"), twins)).toBe(geneOf(ref("List"), { List: list }));
  });
});

describe("fingerprints depend on", () => {
  const DIFFERENT: [Type, Type][] = [
    [string, number],
    [number, integer("u8")],
    [integer("u8"), integer("i8")],
    [string, stringOf({ maxLength: 5 })],
    [numberIn({ minimum: 0 }), numberIn({ minimum: 1 })],
    [object({ a: string }), object({ b: string })],
    [object({ a: string }), object({ "a?": string })],
    [object({ a: string }), object({ a: string }, string)],
    [array(string), { kind: "set", items: string }],
    [array(string), array(array(string))],
    [tuple([string]), tuple([string, string])],
    [tuple([string]), tuple([string], string)],
    [literal("1"), literal(1)],
    [literal(1), { kind: "bigintLiteral", value: "1" }],
    [union(literal("a"), literal("b")), union(literal("a"), literal("c"))],
    [object({ a: object({ b: string }) }), object({ a: object({ b: number }) })],
    [stringOf({ minLength: 1 }), stringOf({ maxLength: 1 })],
  ];

  for (const [one, other] of DIFFERENT) {
    test(`${JSON.stringify(one)} or ${JSON.stringify(other)}`, () => {
      expect(geneOf(one)).not.toBe(geneOf(other));
    });
  }

  test("a difference at any depth of a recursive type", () => {
    const chain = (length: number, last: Type): Types =>
      Object.fromEntries(
        Array.from(
          { length },
          (_, index) => [`T${index}`, object({ next: index + 1 < length ? ref(`T${index + 1}`) : last })],
        ),
      );
    expect(geneOf(ref("T0"), chain(60, string))).not.toBe(geneOf(ref("T0"), chain(60, number)));
    expect(geneOf(ref("T0"), chain(60, string))).not.toBe(geneOf(ref("T0"), chain(61, string)));
  });

  test("positions, streams and rest, but each method only on itself", () => {
    const gene = (one: Omit<Method, "gene">): string => schema({ f: one, other: method([]) }).methods["f"]!.gene;
    const genes = [
      method([string, number]),
      method([number, string]),
      method([string, { type: number, optional: true }]),
      method([string, { type: number, rest: true }]),
      method([string, { type: number, stream: true }]),
      method([string, number], string),
      method([string, number], string, { resultStream: true }),
    ].map(gene);
    expect(new Set(genes).size).toBe(genes.length);
    expect(gene(method([string, number]))).toBe(schema({ f: method([string, number]) }).methods["f"]!.gene);
  });
});

describe("finishSchema", () => {
  test("sorts methods and types by code unit and keeps the order of properties", () => {
    const finished = schema({ b: method([]), B: method([]), a: method([]) }, {
      z: object({ y: string, x: string }),
      Z: string,
    });
    expect(Object.keys(finished.methods)).toEqual(["B", "a", "b"]);
    expect(Object.keys(finished.types)).toEqual(["Z", "z"]);
    expect(Object.keys((finished.types["z"]!.type as { properties: object }).properties)).toEqual(["y", "x"]);
  });

  test("manages a syntax tree's types, all of which refer to each other", () => {
    const names = Array.from({ length: 70 }, (_, index) => `Node${index}`);
    const everyNode = union(...names.map(ref));
    const types: Types = { Node: everyNode };
    for (const [index, name] of names.entries()) {
      types[name] = object({
        type: literal(name),
        left: ref("Node"),
        right: array(ref("Node")),
        ...(index % 2 ? { more: ref(names[index - 1]!) } : {}),
      });
    }
    const one = schema({ parse: method([string], ref("Node")), print: method([ref("Node")], string) }, types);
    expect(canonicalMethod(one.methods["parse"]!, one.types).length).toBeLessThan(30_000);
  });

  test("refuses a service whose types would take too long", () => {
    const length = 6000;
    const types: Definitions = definitions(Object.fromEntries(
      Array.from(
        { length },
        (_, index) => [`T${index}`, object({ next: index + 1 < length ? ref(`T${index + 1}`) : string })],
      ),
    ));
    const draft = { name: "deep", methods: { f: method([ref("T0")]) }, types };
    expect(() => finishSchema(draft)).toThrow("too many and too deep to be fingerprinted");
  });
});

test("a service's fingerprint is the hash of its methods' canonical forms", () => {
  const service: Schema = schema({ a: method([string]), b: method([], number) });
  const [a, b] = [service.methods["a"]!, service.methods["b"]!];
  const text = `{"format":1,"methods":{"a":${canonicalMethod(a, {})},"b":${canonicalMethod(b, {})}}}`;
  expect(service.species).toBe(new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 16));
  expect(a.gene).toBe(new Bun.CryptoHasher("sha256").update(canonicalMethod(a, {})).digest("hex").slice(0, 16));
});
