import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import {
  LITERAL_LENGTH_MAX,
  NAME_LENGTH_MAX,
  NAMES_IN_A_ROW_MAX,
  PARAMS_MAX,
  PATTERN_LENGTH_MAX,
  PROPERTIES_MAX,
  TYPE_DEPTH_MAX,
  UNION_MEMBERS_MAX,
  UNION_WORK_MAX,
} from "./limits.ts";
import { parseMethod, parseSchema } from "./parse.ts";
import { seeded, TypeGenerator } from "./random_type.ts";
import type { Type } from "./schema.ts";
import {
  array,
  definitions,
  integer,
  literal,
  map,
  method,
  number,
  numberIn,
  object,
  ref,
  schema,
  string,
  tuple,
  union,
} from "./type_builders.ts";

/** What is to take no time would take minutes or years if it were done otherwise: a minute tells the two apart anywhere. */
setDefaultTimeout(120_000);

/** A document as it comes from outside: JSON. */
// deno-lint-ignore no-explicit-any -- tests break documents in every place, whatever its type
type Document = any;

function documentOf(type: Type, types: { [name: string]: Type } = {}): Document {
  return JSON.parse(JSON.stringify(schema({ f: method([type]) }, types)));
}

function valid(): Document {
  return documentOf(object({ name: string, "next?": ref("T") }), { T: object({ "t?": ref("T"), n: integer("u8") }) });
}

function problemOf(document: unknown): string {
  try {
    parseSchema(document);
  } catch (error) {
    if (error instanceof CellError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no problem";
}

/** What is wrong with a document in which one parameter's type is replaced. */
function typeProblem(type: unknown): string {
  const document = valid();
  document.methods.f.params[0].type = type;
  return problemOf(document).replace("INVALID_ARGUMENT ", "");
}

describe("parseSchema", () => {
  test("gives back what finishSchema made, for types of every kind", () => {
    const generator = new TypeGenerator(seeded(11));
    for (let count = 0; count < 200; count++) {
      const { type, types } = generator.next();
      const made = schema(
        { f: { doc: "x", ...method([type], type) }, g: method([{ type, rest: true }], type, { resultStream: true }) },
        Object.fromEntries(Object.entries(types).map(([name, definition]) => [name, definition.type])),
      );
      expect(parseSchema(JSON.parse(JSON.stringify(made)))).toEqual(made);
    }
  });

  test("leaves out fields that it does not know", () => {
    const document = valid();
    const expected = parseSchema(valid());
    document.since = 1;
    document.methods.f.cost = { a: 1 };
    document.methods.f.params[0].type.properties.name.type.color = "red";
    expect(parseSchema(document)).toEqual(expected);
  });

  test("computes the fingerprints again", () => {
    const gene = valid();
    gene.methods.f.gene = "0123456789abcdef";
    expect(problemOf(gene)).toContain('methods.f.gene: expected "');
    const species = valid();
    species.species = "0123456789abcdef";
    expect(problemOf(species)).toContain('species: expected "');
    const retyped = valid();
    retyped.types.T.type.properties.n.type = { kind: "string" };
    expect(problemOf(retyped)).toContain("the fingerprint of its types");
  });

  test("says where a document has another shape", () => {
    const broken: [(document: Document) => void, string][] = [
      [(d) => d.format = 2, "format: expected 1, found 2"],
      [(d) => d.name = 5, "name: expected a string, found 5"],
      [
        (d) => d.name = "../x",
        'name: expected lower-case letters, digits and hyphens, a letter first, at most 63, found "../x"',
      ],
      [(d) => d.species = "x", 'species: expected 16 hex digits, found "x"'],
      [(d) => d.methods = [], "methods: expected an object, found an array"],
      [(d) => d.methods.f = null, "methods.f: expected an object, found null"],
      [(d) => d.methods["no-name"] = d.methods.f, "expected a name of ASCII letters"],
      [(d) => delete d.methods.f.result, "methods.f.result: expected an object, found undefined"],
      [(d) => d.methods.f.params = {}, "methods.f.params: expected an array, found an object"],
      [(d) => d.methods.f.params[0].optional = 1, "methods.f.params[0].optional: expected true, found 1"],
      [(d) => d.methods.f.timeoutMs = "5", 'methods.f.timeoutMs: expected a number, found "5"'],
      [
        (d) => d.types.T.type.properties.n.type.format = "u7",
        "types.T.type.properties.n.type.format: expected one of i8, u8",
      ],
      [(d) => d.types.T.doc = 5, "types.T.doc: expected a string, found 5"],
    ];
    for (const [breakIt, message] of broken) {
      const document = valid();
      breakIt(document);
      expect(problemOf(document)).toContain(message);
      expect(problemOf(document)).toStartWith("INVALID_ARGUMENT ");
    }
    for (const other of [null, undefined, 5, "x", []]) expect(problemOf(other)).toContain("expected an object");
  });

  test("refuses types that break a rule", () => {
    const cases: [unknown, string][] = [
      [{ kind: "symbol" }, 'type.kind: expected a kind of type, found "symbol"'],
      [{ kind: "ref", name: "Nobody" }, 'expected the name of a type in "types", found "Nobody"'],
      [{ kind: "ref", name: "toString" }, 'expected the name of a type in "types", found "toString"'],
      [{ kind: "integer" }, "format: expected one of i8"],
      [{ kind: "union", members: [string] }, "members: expected at least two members"],
      [union(number, { kind: "bigint" }), "a receiver cannot tell number and bigint"],
      [map(array(string), string), "expected keys of string, number, bigint, boolean or literals, found string[]"],
      [{ kind: "string", pattern: "(" }, "pattern: not a regular expression"],
      [{ kind: "string", pattern: "^(a+)+\\1$" }, "could take too long"],
      [{ kind: "string", minLength: -1 }, "minLength: expected a whole number of at least 0, found -1"],
      [{ kind: "string", minLength: 2, maxLength: 1 }, "minLength 2 is greater than maxLength 1"],
      [{ kind: "number", minimum: "0" }, 'minimum: expected a number, found "0"'],
      [{ kind: "number", minimum: 2, maximum: 1 }, "minimum 2 is greater than maximum 1"],
      [{ kind: "integer", format: "u8", minimum: 300 }, "no u8 is within the bounds"],
      [{ kind: "bigint", minimum: "1.5" }, "minimum: expected an integer in decimal digits"],
      [{ kind: "bigint", format: "u64", maximum: "-1" }, "no 64-bit integer is within the bounds"],
      [{ kind: "bigintLiteral", value: "99999999999999999999" }, "does not fit 64 bits"],
      [{ kind: "literal", value: null }, "value: expected a string, a number or a boolean, found null"],
      [{ kind: "literal", value: "\ud800" }, "expected Unicode without lone surrogates"],
      [
        { kind: "object", properties: { a: { type: union(string, { kind: "undefined" }) } } },
        'must have "optional": true',
      ],
      [
        { kind: "object", properties: JSON.parse('{"__proto__": {"type": {"kind": "string"}}}') },
        "expected any name but this one",
      ],
      [
        { kind: "tuple", items: [{ type: string, optional: true }, { type: string }] },
        "must not follow an optional one",
      ],
    ];
    for (const [type, message] of cases) expect(typeProblem(type)).toContain(message);
  });

  test("refuses parameters in an impossible order", () => {
    const cases: [object[], string][] = [
      [[{ optional: true }, {}], "a required parameter must not follow an optional one"],
      [[{ rest: true }, {}], "a rest parameter must be the last one"],
      [[{ stream: true }, { stream: true }], "a method takes at most one stream"],
      [[{ rest: true, stream: true }], "a rest parameter can be neither optional nor a stream"],
    ];
    for (const [params, message] of cases) {
      const document = valid();
      document.methods.f.params = params.map((param) => ({ name: "p", type: { kind: "string" }, ...param }));
      expect(problemOf(document)).toContain(message);
    }
  });

  test("bounds everything that a document may grow", () => {
    const nest = (depth: number): unknown => depth === 0 ? string : { kind: "array", items: nest(depth - 1) };
    const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);
    expect(typeProblem(nest(TYPE_DEPTH_MAX + 1))).toContain(
      `expected at most ${TYPE_DEPTH_MAX} types inside one another`,
    );
    const wide = Object.fromEntries(many(PROPERTIES_MAX + 1).map((name) => [name, { type: string }]));
    expect(typeProblem({ kind: "object", properties: wide })).toContain(`expected at most ${PROPERTIES_MAX} entries`);
    expect(typeProblem({ kind: "union", members: many(UNION_MEMBERS_MAX + 1).map(literal) })).toContain(
      "expected at most",
    );
    expect(typeProblem({ kind: "literal", value: "x".repeat(LITERAL_LENGTH_MAX + 1) })).toContain("expected at most");
    expect(typeProblem({ kind: "string", pattern: "x".repeat(PATTERN_LENGTH_MAX + 1) })).toContain("expected at most");
    expect(typeProblem({ kind: "ref", name: "x".repeat(NAME_LENGTH_MAX + 1) })).toContain("expected at most");
    const document = valid();
    document.methods.f.params = many(PARAMS_MAX + 1).map((name) => ({ name, type: { kind: "string" } }));
    expect(problemOf(document)).toContain(`expected at most ${PARAMS_MAX} elements`);
  });

  test("takes no time for types that would be endless if they were written out", () => {
    const names = Array.from({ length: 40 }, (_, index) => `T${index}`);
    const types = Object.fromEntries(
      names.map((
        name,
        index,
      ) => [name, index === 0 ? string : object({ a: ref(names[index - 1]!), b: ref(names[index - 1]!) })]),
    );
    expect(problemOf(documentOf(ref("T39"), types))).toBe("no problem");
    const unions = valid();
    unions.types = Object.fromEntries(
      names.map((
        name,
        index,
      ) => [name, { type: index === 0 ? string : union(ref(names[index - 1]!), ref(names[index - 1]!)) }]),
    );
    unions.methods.f.params[0].type = { kind: "ref", name: "T39" };
    expect(problemOf(unions)).toContain("the fingerprint");
  });
});

describe("a document that refers very often to what is large", () => {
  const largeUnion = { kind: "union", members: Array.from({ length: 16_000 }, (_, value) => literal(value)) } as const;
  const objects = (count: number, type: (index: number) => Type): { [name: string]: Type } =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `Object${index}`,
        object(Object.fromEntries(Array.from({ length: 4000 }, (_, place) => [`p${place}`, type(place)]))),
      ]),
    );
  const problemIn = (types: { [name: string]: Type }, names = Object.keys(types)): string => {
    const params = [{ name: "p", type: tuple(names.map(ref)) }];
    try {
      parseMethod({ name: "f", method: { params, result: string }, types: definitions(types) });
      return "no problem";
    } catch (error) {
      return (error as Error).message;
    }
  };

  test("looks into a union once, however often it is meant", () => {
    const types = objects(20, (place) => place % 2 ? ref("Large") : string);
    expect(problemIn({ Large: largeUnion, ...types })).toBe("no problem");
    expect(problemIn({ Large: largeUnion, ...objects(20, () => map(ref("Small"), string)), Small: string })).toBe(
      "no problem",
    );
  });

  test("cannot repeat it inside other unions, or as the keys of maps", () => {
    const tooMany = `the unions of the document have more than ${UNION_WORK_MAX} members in all`;
    expect(problemIn({ Large: largeUnion, ...objects(20, () => union(ref("Large"), string)) })).toContain(tooMany);
    expect(problemIn({ Large: largeUnion, ...objects(20, () => map(ref("Large"), string)) })).toContain(tooMany);
  });

  test("cannot have it searched for what tells objects apart", () => {
    const one = objects(1, () => ref("Large"))["Object0"]!;
    const other = object({ ...Object.fromEntries(Object.keys(propertiesOf(one)).map((name) => [name, ref("Alike")])) });
    const alike = { kind: "union" as const, members: [literal("x"), ...largeUnion.members.slice(1)] };
    const types = { Large: largeUnion, Alike: alike, One: one, Other: other, Both: union(ref("One"), ref("Other")) };
    expect(problemIn(types, ["Both"])).toContain("the unions of the document");
  });

  test("cannot hide it behind many names", () => {
    const chain = (count: number): { [name: string]: Type } =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`N${index}`, index + 1 < count ? ref(`N${index + 1}`) : string]),
      );
    expect(problemIn(chain(NAMES_IN_A_ROW_MAX), ["N0"])).toBe("no problem");
    expect(problemIn({ ...objects(20, () => ref("N0")), ...chain(10_000) }, ["Object0"])).toContain(
      "is a name for a name",
    );
    expect(problemIn({ ...chain(1000), N999: ref("N0") }, ["N0"])).toContain("is only defined by itself");
  });

  test("cannot have it fingerprinted round after round", () => {
    const length = 1000;
    const steps = Object.fromEntries(
      Array.from({ length }, (_, index) => [`T${index}`, object({ n: index ? ref(`T${index - 1}`) : string })]),
    );
    const wide = objects(50, (place) => ref(`T${place % length}`));
    expect(problemIn({ ...steps, ...wide })).toContain("too many and too deep to be fingerprinted");
  });
});

function propertiesOf(type: Type): { [name: string]: unknown } {
  return type.kind === "object" ? type.properties : {};
}

describe("parseMethod", () => {
  const document = (): Document => {
    const { methods, types } = valid();
    return { name: "f", method: { ...methods.f, gene: undefined }, types };
  };

  test("computes the gene and keeps the types", () => {
    const expected = parseSchema(valid());
    expect(parseMethod(document())).toEqual({ name: "f", method: expected.methods["f"]!, types: expected.types });
  });

  test("checks as strictly as a whole document is checked", () => {
    const broken = document();
    broken.method.params[0].type = { kind: "ref", name: "Nobody" };
    expect(() => parseMethod(broken)).toThrow('found "Nobody"');
    expect(() => parseMethod({ ...document(), name: "a b" })).toThrow("ASCII letters");
    expect(() => parseMethod({ ...document(), types: null })).toThrow("types: expected an object, found null");
    const bounded = document();
    bounded.method.params[0].type = numberIn({ minimum: 2, maximum: 1 });
    expect(() => parseMethod(bounded)).toThrow("minimum 2 is greater than maximum 1");
  });
});
