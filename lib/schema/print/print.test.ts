import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type ts from "typescript";
import type { Schema, Type } from "../schema.ts";
import {
  array,
  bigint,
  bytes,
  date,
  integer,
  literal,
  map,
  method,
  nothing,
  number,
  numberIn,
  object,
  optional,
  record,
  ref,
  schema,
  set,
  string,
  stringOf,
  tuple,
  undefinedType,
  union,
  unknown,
} from "../type_builders.ts";
import { declareModule, describeMethod, describeSchema } from "./mod.ts";

/** What is to take no time would take minutes or years if it were done otherwise: a minute tells the two apart anywhere. */
setDefaultTimeout(120_000);

const CELL = readFileSync(join(import.meta.dir, "../../../sdk/cell.d.ts"), "utf8");

let compiler: typeof ts;
const libraryFiles = new Map<string, ts.SourceFile>();

beforeAll(async () => {
  compiler = (await import("typescript")).default;
});

/** What the checker says about a program that uses a service's declarations. */
function check(declarations: string, client = ""): string[] {
  const files = new Map([["cell.d.ts", CELL], ["remote.d.ts", declarations], ["client.ts", client]]);
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: compiler.ScriptTarget.ESNext,
    module: compiler.ModuleKind.ESNext,
    lib: ["lib.esnext.d.ts"],
    types: [],
  };
  const host = compiler.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name);
    if (text !== undefined) return compiler.createSourceFile(name, text, compiler.ScriptTarget.ESNext, true);
    const library = libraryFiles.get(name) ?? getSourceFile.call(host, name, ...rest);
    if (library !== undefined) libraryFiles.set(name, library);
    return library;
  };
  host.fileExists = (name) => files.has(name);
  const program = compiler.createProgram([...files.keys()], options, host);
  return ["remote.d.ts", "client.ts"].flatMap((name) => {
    const file = program.getSourceFile(name)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) =>
      `${name}: ${compiler.flattenDiagnosticMessageText(diagnostic.messageText, " ")}`
    );
  });
}

const EVERYTHING: { [name: string]: Type } = {
  Point: tuple([number, { kind: "number", format: "f32" }, optional(union(string, nothing))], integer("u8")),
  Json: union(nothing, { kind: "boolean" }, number, string, array(ref("Json")), record(ref("Json"))),
  Tree: object({ value: unknown, children: array(ref("Tree")), "by name?": map(string, ref("Tree")) }),
  Shape: union(object({ kind: literal("a"), at: ref("Point") }), object({ kind: literal("b"), "n?": bigint })),
  Mixed: object(
    { id: { kind: "bigint", format: "u64" }, "when?": date },
    union(date, { kind: "bigint", format: "u64" }),
  ),
};

describe("declareModule", () => {
  test("declares every kind of type so that the checker accepts it", () => {
    const service = schema({
      all: method([ref("Point"), ref("Json"), { type: set(union(string, number)), optional: true }], ref("Tree")),
      stream: method([{ type: ref("Shape"), stream: true }], ref("Mixed"), { resultStream: true }),
      rest: method([{ type: bytes, rest: true }]),
      integers: method(["i8", "u8", "i16", "u16", "i32", "u32"].map((format) => integer(format as "i8"))),
    }, EVERYTHING);
    expect(check(declareModule(service))).toEqual([]);
  });

  test("makes a call with a wrong argument, or a wrong use of the result, an error of the checker", () => {
    const service = schema({ greet: method([object({ name: string })], object({ greeting: string })) });
    const call = (argument: string, use: string) =>
      `import { greet } from "cell:test"; ${use}(await greet(${argument}));`;
    const use = "((result: { greeting: string }) => result)";
    expect(check(declareModule(service), call('{ name: "x" }', use))).toEqual([]);
    expect(check(declareModule(service), call("{ name: 3 }", use))[0]).toContain(
      "'number' is not assignable to type 'string'",
    );
    expect(check(declareModule(service), call('{ name: "x" }', "((result: string) => result)"))[0])
      .toContain("is not assignable to parameter of type 'string'");
  });

  test("makes streams generators and takes iterables", () => {
    const service = schema({ both: method([{ type: number, stream: true }], string, { resultStream: true }) });
    const client = `import { both } from "cell:test";
      async function* numbers() { yield 1; }
      for await (const text of both(numbers())) text.toUpperCase();`;
    expect(check(declareModule(service), client)).toEqual([]);
  });

  test("exports methods whose names are words of the language", () => {
    const words = ["delete", "default", "new", "await", "eval", "undefined", "_delete", "of", "type", "async"];
    const service = schema(Object.fromEntries(words.map((word) => [word, method([], string)])));
    const client =
      `import * as all from "cell:test"; import make from "cell:test"; import { delete as remove } from "cell:test";
      const texts: string[] = [await all.delete(), await all._delete(), await all.new(), await make(), await remove()];
      export { texts };`;
    expect(check(declareModule(service), client)).toEqual([]);
    expect(check(declareModule(service), `import { __delete } from "cell:test"; __delete;`)).not.toEqual([]);
  });

  test("gives types identifiers of their own, whatever they are called", () => {
    const names = ["Page<User>", "Page<Order>", "string", "Map", "u8", "a-b", "a_b", "9", "größe", "*/", ""];
    const types = Object.fromEntries(names.map((name) => [name, object({ [name]: string })]));
    const service = schema({ f: method(names.map(ref), map(string, integer("u8"))) }, types);
    expect(check(declareModule(service))).toEqual([]);
  });

  test("takes no time for types that all would be called alike", () => {
    const names = Array.from(
      { length: 20_000 },
      (_, index) => index.toString(2).replace(/./g, (digit) => digit === "1" ? "-" : "+"),
    );
    const service = schema({ f: method([]) }, Object.fromEntries(names.map((name) => [name, string])));
    expect(declareModule(service)).toContain("export type Type_20000 = string;");
  });

  test("gives parameters names of their own", () => {
    const params = ["{ a }", "in", "in", "ok"].map((name) => ({ name, type: string }));
    const service = schema({ f: { params, result: undefinedType } });
    expect(describeMethod("f", service.methods["f"]!)).toBe(
      "f(a: string, in_: string, in_2: string, ok: string): Promise<void>",
    );
    expect(check(declareModule(service))).toEqual([]);
  });

  test("lets no text from a schema end what it stands in", () => {
    const evil = '*/ } evil(); /* "`${evil()}';
    const type = object({ [evil]: literal(evil), 'a"\n\u2028b': stringOf({ pattern: "a*/\nb" }) });
    const service: Schema = {
      ...schema({ f: { ...method([type]), doc: evil } }, { [evil]: type }),
      doc: `${evil}\u2028x`,
    };
    service.name = `x" { } evil(); "`;
    service.types[evil]!.doc = `${evil}\n*/ evil();`;
    const file = declareModule(service);
    expect(check(file)).toEqual([]);
    const source = compiler.createSourceFile("x.d.ts", file, compiler.ScriptTarget.ESNext);
    expect(source.statements.length).toBe(1);
    const body = (source.statements[0] as ts.ModuleDeclaration).body as ts.ModuleBlock;
    expect(body.statements.length).toBe(2);
  });
});

test("control characters of a schema never reach a terminal", () => {
  const control = "\u001b]0;x\u0007\u009b31m\u007f\t";
  const type = object({ [control]: literal(control), text: stringOf({ pattern: "^\u001b\u009b$" }) });
  const service: Schema = { ...schema({ f: { ...method([type]), doc: control } }), doc: control };
  for (const text of [describeSchema(service), declareModule(service), describeMethod("f", service.methods["f"]!)]) {
    expect(text.replace(/[\n\t]/g, "")).not.toMatch(/\p{Cc}/u);
  }
  expect(check(declareModule(service))).toEqual([]);
});

describe("documentation", () => {
  const service = schema({
    greet: {
      doc: "Greets.",
      params: [{ name: "name", doc: "Who.", type: stringOf({ minLength: 1 }) }, { name: "age", type: integer("u8") }],
      result: string,
    },
  }, {
    User: object({
      "age?": numberIn({ minimum: 0, maximum: 150 }),
      tags: union(array(string, { maxItems: 3 }), nothing),
    }),
  });

  test("carries descriptions and constraints as the tags that the reader understands", () => {
    expect(declareModule(service)).toBe(`declare module "cell:test" {
  import type { u8 } from "cell";

  export interface User {
    /**
     * @minimum 0
     * @maximum 150
     */
    age?: number;
    /** @maxItems 3 */
    tags: string[] | null;
  }

  /**
   * Greets.
   * @param name Who. (minLength 1)
   */
  export function greet(name: string, age: u8): Promise<string>;
}
`);
  });

  test("describeSchema shows methods first, then types", () => {
    expect(describeSchema(service)).toBe(`/**
 * Greets.
 * @param name Who. (minLength 1)
 */
greet(name: string, age: u8): Promise<string>

interface User {
  /**
   * @minimum 0
   * @maximum 150
   */
  age?: number;
  /** @maxItems 3 */
  tags: string[] | null;
}
`);
  });
});

describe("long types", () => {
  test("are broken into lines, and into one line by describeMethod", () => {
    const wide = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`property${index}`, string]));
    const service = schema({ f: method([object(wide)], union(object(wide), nothing)) });
    const lines = describeSchema(service).split("\n");
    expect(lines.every((line) => line.length <= 100)).toBe(true);
    expect(lines).toContain("  property0: string;");
    expect(describeMethod("f", service.methods["f"]!)).not.toContain("\n");
    expect(check(declareModule(service))).toEqual([]);
  });
});
