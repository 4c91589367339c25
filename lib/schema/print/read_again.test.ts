import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Type } from "../schema.ts";
import {
  array,
  bigint,
  boolean,
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
import { readService } from "../typescript/mod.ts";
import { declareModule } from "./mod.ts";

/** Loading the compiler takes seconds on a busy machine. */
setDefaultTimeout(120_000);

const TYPES: { [name: string]: Type } = {
  Bounded: object({
    age: integer("u8", { maximum: 150 }),
    "share?": numberIn({ minimum: 0, maximum: 1 }),
    code: stringOf({ pattern: "^[A-Z]{3}(?: \\d+)?$", minLength: 1 }),
    tags: array(string, { minItems: 1, maxItems: 9 }),
    raw: { kind: "bytes", maxLength: 16 },
    serial: { kind: "bigint", format: "u64", minimum: "1" },
    nullable: union(stringOf({ maxLength: 3 }), nothing),
  }),
  Formats: object({
    a: integer("i8"),
    b: integer("u16"),
    c: integer("i16"),
    d: integer("i32"),
    e: integer("u32"),
    f: { kind: "number", format: "f32" },
    g: { kind: "bigint", format: "i64" },
    h: bigint,
    i: number,
  }),
  Json: union(nothing, boolean, number, string, array(ref("Json")), record(ref("Json"))),
  Mixed: object({ "with space": unknown, "more?": set(string), when: date, data: bytes, table: map(string, number) }),
  Place: tuple([number, number, optional(string)], boolean),
  Shape: union(object({ kind: literal("circle"), r: number }), object({ kind: literal("square"), a: number })),
  Status: union(literal("on"), literal("off"), literal(3)),
  Tree: object({ value: ref("Status"), children: array(ref("Tree")), "left?": ref("Tree") }),
};

test("types that are printed and read again are the same types", async () => {
  const names = Object.keys(TYPES);
  const remote = schema(
    Object.fromEntries(names.map((name) => [`use${name}`, method([ref(name)], undefinedType)])),
    TYPES,
  );
  const folder = mkdtempSync(join(tmpdir(), "cell-print-"));
  try {
    const file = join(folder, "service.ts");
    writeFileSync(
      file,
      `import type { ${names.join(", ")} } from "cell:test";\n` +
        names.map((name) => `export function use${name}(value: ${name}): void { void value; }\n`).join(""),
    );
    const read = await readService(file, { name: "service", remoteDeclarations: () => declareModule(remote) });
    for (const name of names) {
      expect([name, read.schema.methods[`use${name}`]!.gene]).toEqual([name, remote.methods[`use${name}`]!.gene]);
    }
    expect(read.schema.species).toBe(remote.species);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
