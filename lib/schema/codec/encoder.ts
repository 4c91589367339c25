import { resolve, type ResolvedType, unionMembers } from "../resolve.ts";
import type { Property, Type } from "../schema.ts";
import { unionPlan } from "../union.ts";
import { checkBigint, checkBytes, checkItems, checkNumber, checkText } from "./checks.ts";
import { NESTING_MAX } from "./cursor.ts";
import { HEADER_BYTES_MAX } from "./header.ts";
import { NUMBER_BYTES_MAX } from "./number.ts";
import { combine, type Piece, sequence } from "./piece.ts";
import { Program, propertyPath, quote } from "./program.ts";
import { TIMESTAMP_BYTES_MAX } from "./timestamp.ts";
import {
  type ListShape,
  mapHeaderBytes,
  numberBytes,
  type ObjectType,
  requiredCount,
  textBytes,
  wireOrder,
} from "./wire_form.ts";

const NIL: Piece = { fixed: [0xc0] };

/**
 * Writes the code of an encoder. Every type with parts becomes a function
 *
 *     (v: value, w: Writer, p: position, d: depth, at?: path) => position after the value
 *
 * with `b` as the writer's buffer; all others are written in place.
 */
export class EncoderSource {
  constructor(private readonly program: Program) {}

  /** The function that encodes a value of this type. */
  entry(type: Type): string {
    return this.program.functionFor({}, (name) => this.define(name, this.write(type, "v", "at")));
  }

  /** The function that encodes a list. */
  entryOfList(list: ListShape): string {
    return this.program.functionFor({}, (name) => this.listFunction(name, list));
  }

  private define(name: string, body: Piece): string {
    return `function ${name}(v, w, p, d${this.program.path("at")}) {
let b = w.bytes;
${sequence(this.program, [body])}return p;
}`;
  }

  private defineNested(name: string, before: string, pieces: readonly Piece[]): string {
    const { program } = this;
    return `function ${name}(v, w, p, d${program.path("at")}) {
${
      program.refuseIf(
        `d > ${NESTING_MAX}`,
        () => `failure(at, "expected at most ${NESTING_MAX} levels, found more; is there a cycle?")`,
      )
    }let b = w.bytes;
${before}${sequence(program, pieces)}return p;
}`;
  }

  private refuse(condition: string, expected: () => string, value: string, at: string): string {
    return this.program.refuseIf(condition, () => `mismatch(${at}, ${expected()}, ${value})`);
  }

  /** Code that checks and writes what the variable `value` holds. `named` is what messages call the type. */
  private write(written: Type, value: string, at: string, named = written): Piece {
    const { program } = this;
    const type = resolve(written, program.definitions);
    const expected = (): string => program.expected(named);
    switch (type.kind) {
      case "unknown":
        return this.writeUnknown(value, at);
      case "null":
        return { code: `${this.refuse(`${value} !== null`, expected, value, at)}b[p++] = 192;\n`, bytesMax: 1 };
      case "undefined":
        return { code: `${this.refuse(`${value} !== undefined`, expected, value, at)}b[p++] = 192;\n`, bytesMax: 1 };
      case "boolean":
        return {
          code: `if (${value} === true) b[p++] = 195;
else if (${value} === false) b[p++] = 194;
else ${program.refuse(() => `mismatch(${at}, ${expected()}, ${value})`)}`,
          bytesMax: 1,
        };
      case "number":
      case "integer":
        return this.writeNumber(type, value, expected, at);
      case "bigint":
        return {
          code: this.refuse(`typeof ${value} !== "bigint"`, expected, value, at) +
            checkBigint(program, type, value, at) + this.storeBigint(type.format, value),
          bytesMax: NUMBER_BYTES_MAX,
        };
      case "string":
        return {
          code: this.refuse(`typeof ${value} !== "string"`, expected, value, at) +
            checkText(program, type, value, at) + this.storeText(value, at),
          bytesMax: undefined,
        };
      case "bytes":
        return {
          code: this.refuse(`!(${value} instanceof Uint8Array)`, expected, value, at) +
            checkBytes(program, type, value, at) + `p = writeBytes(w, p, ${value});\nb = w.bytes;\n`,
          bytesMax: undefined,
        };
      case "date":
        return this.writeDate(value, expected, at);
      case "literal":
        return combine(program, [
          { code: this.refuse(`${value} !== ${literal(type.value)}`, expected, value, at), bytesMax: 0 },
          { fixed: literalBytes(type.value) },
        ]);
      case "bigintLiteral":
        return {
          code: this.refuse(`${value} !== ${BigInt(type.value)}n`, expected, value, at) +
            this.storeBigint(undefined, value),
          bytesMax: NUMBER_BYTES_MAX,
        };
      case "union":
        return this.writeUnionInPlace(written, type, value, at);
      default:
        return this.call(this.functionOf(written, type), value, at);
    }
  }

  /** A union is no level of its own. */
  private call(name: string, value: string, at: string, depth = "d + 1"): Piece {
    return {
      code: `p = ${name}(${value}, w, p, ${depth}${this.program.path(at)});\nb = w.bytes;\n`,
      bytesMax: undefined,
    };
  }

  /** The function of a type with parts. */
  private functionOf(written: Type, type: ResolvedType): string {
    return this.program.functionFor(type, (name) => {
      switch (type.kind) {
        case "array":
        case "set":
          return this.sequenceFunction(name, written, type);
        case "map":
          return this.mapFunction(name, written, type);
        case "tuple": {
          const rest = type.rest === undefined ? {} : { rest: type.rest };
          return this.listFunction(name, { unit: "element", items: type.items, ...rest });
        }
        case "object":
          return this.objectFunction(name, written, type);
        default:
          return this.define(name, this.writeUnion(written, "v", "at"));
      }
    });
  }

  private writeUnknown(value: string, at: string): Piece {
    const { program } = this;
    const code = program.explains
      ? `{ const problem = explainUnknown(${value}, ${at}, d + 1); if (problem !== undefined) throw problem; }\n`
      : "";
    return {
      code: `${code}p = writeUnknown(w, p, ${value}, d + 1);
${program.refuseIf("p < 0", () => `mismatch(${at}, "a value that can be sent", ${value})`)}b = w.bytes;\n`,
      bytesMax: undefined,
    };
  }

  private writeNumber(
    type: Extract<ResolvedType, { kind: "number" | "integer" }>,
    value: string,
    expected: () => string,
    at: string,
  ): Piece {
    const { program } = this;
    const refusal = this.refuse(`typeof ${value} !== "number"`, expected, value, at);
    return {
      code: refusal + checkNumber(program, type, value, at) + storeNumber(type, value),
      bytesMax: NUMBER_BYTES_MAX,
    };
  }

  private storeBigint(format: "i64" | "u64" | undefined, value: string): string {
    const signed = `b[p] = 211; w.view.setBigInt64(p + 1, ${value});`;
    const unsigned = `b[p] = 207; w.view.setBigUint64(p + 1, ${value});`;
    const stores = format === "i64"
      ? signed
      : format === "u64"
      ? unsigned
      : `if (${value} < 9223372036854775808n) { ${signed} } else { ${unsigned} }`;
    return `${stores}\np += ${NUMBER_BYTES_MAX};\n`;
  }

  private storeText(value: string, at: string): string {
    return `p = writeText(w, p, ${value});\n${
      this.program.refuseIf(
        "p < 0",
        () => `failure(${at}, "expected Unicode text, found a string with a lone surrogate")`,
      )
    }b = w.bytes;\n`;
  }

  private writeDate(value: string, expected: () => string, at: string): Piece {
    const { program } = this;
    const time = program.local();
    return {
      code: `${this.refuse(`!(${value} instanceof Date)`, expected, value, at)}const ${time} = ${value}.getTime();
${program.refuseIf(`${time} !== ${time}`, () => `failure(${at}, "expected a valid Date, found an invalid Date")`)}` +
        `p = writeTimestamp(w.view, p, ${time});\n`,
      bytesMax: TIMESTAMP_BYTES_MAX,
    };
  }

  private sequenceFunction(
    name: string,
    written: Type,
    type: Extract<ResolvedType, { kind: "array" | "set" }>,
  ): string {
    const { program } = this;
    const isArray = type.kind === "array";
    const test = isArray ? "!Array.isArray(v)" : "!(v instanceof Set)";
    const before = this.refuse(test, () => program.expected(written), "v", "at") +
      `const n = v.${isArray ? "length" : "size"};\n` + checkItems(program, type, "n", "at");
    const item = sequence(program, [this.write(type.items, "x", `at + "[" + i + "]"`)]);
    const loop = isArray
      ? `for (let i = 0; i < n; i++) {\nlet x = v[i];\n${item}}\n`
      : `let i = 0;\nfor (let x of v) {\n${item}i++;\n}\n`;
    return this.defineNested(name, before, [
      { code: "p = writeArrayHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX },
      { code: loop, bytesMax: undefined },
    ]);
  }

  private mapFunction(name: string, written: Type, type: Extract<ResolvedType, { kind: "map" }>): string {
    const { program } = this;
    const before = this.refuse("!(v instanceof Map)", () => program.expected(written), "v", "at") +
      "const n = v.size;\n" + checkItems(program, type, "n", "at");
    const entry = sequence(program, [
      this.write(type.key, "x", `at + " key"`),
      this.write(type.value, "y", "keyed(at, x)"),
    ]);
    return this.defineNested(name, before, [
      { code: "p = writeMapHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX },
      { code: `for (let [x, y] of v) {\n${entry}}\n`, bytesMax: undefined },
    ]);
  }

  private listFunction(name: string, list: ListShape): string {
    const { program } = this;
    const count = list.items.length;
    const required = requiredCount(list);
    let before = program.refuseIf("!Array.isArray(v)", () => `mismatch(at, "an array", v)`) + "let n = v.length;\n";
    // An absent element at the end is left out; before other ones it is nil.
    if (required < count) before += `if (n <= ${count}) while (n > ${required} && v[n - 1] === undefined) n--;\n`;
    if (list.rest === undefined) {
      before += program.refuseIf(`n > ${count}`, () => tooMany("at", list.unit, count, "n"));
    }
    if (required > 0) {
      const missing = list.items.slice(0, required).map((item) => program.expected(item.type));
      before += program.refuseIf(`n < ${required}`, () => `mismatch(at + "[" + n + "]", [${missing}][n], undefined)`);
    }
    const isFixed = required === count && list.rest === undefined;
    const header: Piece = isFixed && count < 16
      ? { fixed: [0x90 | count] }
      : { code: "p = writeArrayHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX };
    const pieces: Piece[] = [header];
    list.items.forEach((item, index) => {
      if (item.stream) {
        pieces.push(
          index < required ? NIL : { code: `if (n > ${index}) {\n${sequence(program, [NIL])}}\n`, bytesMax: undefined },
        );
        return;
      }
      const value = program.local();
      const written = this.write(item.type, value, `at + "[${index}]"`);
      if (index < required) {
        before += `let ${value} = v[${index}];\n`;
        pieces.push(item.optional ? this.orNil(written, value) : written);
      } else {
        const inner = `let ${value} = v[${index}];\n${sequence(program, [this.orNil(written, value)])}`;
        pieces.push({ code: `if (n > ${index}) {\n${inner}}\n`, bytesMax: undefined });
      }
    });
    if (list.rest !== undefined) {
      const item = sequence(program, [this.write(list.rest, "x", `at + "[" + i + "]"`)]);
      pieces.push({ code: `for (let i = ${count}; i < n; i++) {\nlet x = v[i];\n${item}}\n`, bytesMax: undefined });
    }
    return this.defineNested(name, before, pieces);
  }

  /** What `piece` writes, or nil for undefined. */
  private orNil(piece: Piece, value: string): Piece {
    return this.choice(`${value} === undefined`, NIL, piece);
  }

  /** One of two pieces; straight if both are. */
  private choice(condition: string, yes: Piece, no: Piece): Piece {
    const { program } = this;
    const [first, second] = [combine(program, [yes]), combine(program, [no])];
    if (first.fixed === undefined && second.fixed === undefined) {
      if (first.bytesMax !== undefined && second.bytesMax !== undefined) {
        const bytesMax = Math.max(first.bytesMax, second.bytesMax);
        return { code: `if (${condition}) {\n${first.code}} else {\n${second.code}}\n`, bytesMax };
      }
    }
    const code = `if (${condition}) {\n${sequence(program, [yes])}} else {\n${sequence(program, [no])}}\n`;
    return { code, bytesMax: undefined };
  }

  private objectFunction(name: string, written: Type, type: ObjectType): string {
    const { program } = this;
    const names = wireOrder(type, program.definitions);
    let before = this.refuse(
      `typeof v !== "object" || v === null`,
      () => program.expected(written),
      "v",
      "at",
    );
    const hasRequired = names.some((property) => !type.properties[property]!.optional);
    // Nothing else would tell these from an object without any of its properties.
    if (!hasRequired) before += this.refuse("isContainer(v)", () => program.expected(written), "v", "at");
    const values = names.map((property) => {
      const value = program.local();
      before += `let ${value} = ${propertyValue(property)};\n`;
      return value;
    });
    const optional = values.filter((_, index) => type.properties[names[index]!]!.optional);
    let header: Piece;
    if (type.index !== undefined) {
      before += `const keys = Object.keys(v);\nlet n = ${present(names.length, optional)};\n`;
      before += `for (const key of keys) if (v[key] !== undefined${isUndeclared(program, names)}) n++;\n`;
      header = { code: "p = writeMapHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX };
    } else if (optional.length === 0) header = { fixed: mapHeaderBytes(names.length) };
    else if (names.length < 16) {
      header = { code: `b[p++] = 128 + ${present(names.length, optional)};\n`, bytesMax: 1 };
    } else {
      header = { code: `p = writeMapHeader(b, p, ${present(names.length, optional)});\n`, bytesMax: HEADER_BYTES_MAX };
    }
    const pieces = names.flatMap((property, index) =>
      this.property(property, type.properties[property]!, values[index]!)
    );
    if (type.index !== undefined) pieces.push(this.indexEntries(names, type.index));
    return this.defineNested(name, before, [header, ...pieces]);
  }

  private property(name: string, property: Property, value: string): Piece[] {
    const { program } = this;
    const entry: Piece[] = [{ fixed: textBytes(name) }, this.write(property.type, value, propertyPath(name))];
    if (!property.optional) return entry;
    const combined = combine(program, entry);
    if (combined.fixed !== undefined) return [combined];
    const code = `if (${value} !== undefined) {\n${combined.code}}\n`;
    return [combined.bytesMax === undefined ? { code, bytesMax: undefined } : { code, bytesMax: combined.bytesMax }];
  }

  private indexEntries(names: readonly string[], type: Type): Piece {
    const { program } = this;
    const at = "keyed(at, key)";
    const entry = sequence(program, [this.write(type, "x", at)]);
    return {
      code: `for (const key of keys) {
let x = v[key];
if (x !== undefined${isUndeclared(program, names)}) {
${
        program.refuseIf(
          'key === "__proto__"',
          () => `failure(at, 'expected no key "__proto__", which would set a prototype')`,
        )
      }${this.storeText("key", at)}${entry}}\n}\n`,
      bytesMax: undefined,
    };
  }

  /** `T | null` is a test in front of T; everything else is worth a function. */
  private writeUnionInPlace(written: Type, type: Extract<ResolvedType, { kind: "union" }>, value: string, at: string) {
    const { program } = this;
    const members = unionMembers(type, program.definitions);
    const others = members.filter((member) => member.kind !== "null" && member.kind !== "undefined");
    const nil = members.filter((member) => member.kind === "null" || member.kind === "undefined");
    if (others.length === 1 && nil.length > 0) {
      const condition = nil.map((member) => `${value} === ${member.kind}`).join(" || ");
      return this.choice(condition, NIL, this.write(others[0]!, value, at, written));
    }
    return this.call(this.functionOf(written, type), value, at, "d");
  }

  private writeUnion(written: Type, value: string, at: string): Piece {
    const { program } = this;
    const plan = unionPlan(written, program.definitions);
    const cases: [condition: string, piece: Piece][] = [];
    if (plan.admitsNull) cases.push([`${value} === null`, NIL]);
    if (plan.admitsUndefined) cases.push([`${value} === undefined`, NIL]);
    for (const item of plan.booleans) cases.push([`${value} === ${item}`, { fixed: [item ? 0xc3 : 0xc2] }]);
    if (plan.strings.length > 0) {
      cases.push([isOneOf(program, value, plan.strings), { code: this.storeText(value, at), bytesMax: undefined }]);
    }
    if (plan.string !== undefined) cases.push([`typeof ${value} === "string"`, this.write(plan.string, value, at)]);
    if (plan.numbers.length > 0) {
      cases.push([
        isOneOf(program, value, plan.numbers),
        { code: storeNumber({ kind: "number" }, value), bytesMax: NUMBER_BYTES_MAX },
      ]);
    }
    if (plan.number !== undefined) cases.push([`typeof ${value} === "number"`, this.write(plan.number, value, at)]);
    if (plan.bigints.length > 0) {
      cases.push([
        isOneOf(program, value, plan.bigints.map(BigInt)),
        { code: this.storeBigint(undefined, value), bytesMax: NUMBER_BYTES_MAX },
      ]);
    }
    if (plan.bigint !== undefined) cases.push([`typeof ${value} === "bigint"`, this.write(plan.bigint, value, at)]);
    if (plan.bytes !== undefined) cases.push([`${value} instanceof Uint8Array`, this.write(plan.bytes, value, at)]);
    if (plan.date !== undefined) cases.push([`${value} instanceof Date`, this.write(plan.date, value, at)]);
    if (plan.list !== undefined) {
      const test = plan.list.kind === "set" ? `${value} instanceof Set` : `Array.isArray(${value})`;
      cases.push([test, this.write(plan.list, value, at)]);
    }
    if (plan.map !== undefined) {
      const test = plan.map.kind === "map"
        ? `${value} instanceof Map`
        : `typeof ${value} === "object" && ${value} !== null && !isContainer(${value})`;
      cases.push([test, this.write(plan.map, value, at)]);
    }
    if (plan.objects !== undefined) {
      const { property, members } = plan.objects;
      const tag = program.local();
      const choices = members.map(({ values, type }) =>
        `${values.map((item) => `case ${literal(item)}:`).join(" ")} {\n${
          sequence(program, [this.write(type, value, at)])
        }break;\n}\n`
      );
      const refusal = program.refuse(() =>
        `mismatch(at + ${propertyPath(property).slice("at + ".length)}, ${
          quote(members.flatMap((member) => member.values).map((item) => JSON.stringify(item)).join(" | "))
        }, ${tag})`
      );
      cases.push([
        `typeof ${value} === "object" && ${value} !== null`,
        {
          code: `const ${tag} = ${propertyValue(property, value)};
switch (${tag}) {
${choices.join("")}default: ${refusal}}\n`,
          bytesMax: undefined,
        },
      ]);
    }
    const branches = cases.map(([condition, piece]) => `if (${condition}) {\n${sequence(program, [piece])}} else `);
    const refusal = program.refuse(() => `mismatch(${at}, ${program.expected(written)}, ${value})`);
    return { code: `${branches.join("")}${refusal}`, bytesMax: undefined };
  }
}

/** A condition, to be appended to others, that `key` is none of the declared names. */
function isUndeclared(program: Program, names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` && !${program.constant(`names ${JSON.stringify(names)}`, () => new Set(names))}.has(key)`;
}

/** How many of an object's entries are there: all but the optional ones that are undefined. */
function present(count: number, optional: readonly string[]): string {
  return [`${count - optional.length}`, ...optional.map((value) => `(${value} === undefined ? 0 : 1)`)].join(" + ");
}

/** What every object has without having it is not a value: reading `toString` of an object without one gives a function. */
function propertyValue(name: string, object = "v"): string {
  const access = `${object}[${quote(name)}]`;
  if (!(name in Object.prototype)) return access;
  return `${access} === Object.prototype[${quote(name)}] ? undefined : ${access}`;
}

function storeNumber(type: Extract<ResolvedType, { kind: "number" | "integer" }>, value: string): string {
  if (type.kind === "integer") {
    return `if (${value} >= 0 && ${value} < 128) b[p++] = ${value};
else if (${value} >= 0 && ${value} < 256) { b[p] = 204; b[p + 1] = ${value}; p += 2; }
else p = writeInteger(b, p, ${value});\n`;
  }
  if (type.format === "f32") return `b[p] = 202; w.view.setFloat32(p + 1, ${value}); p += 5;\n`;
  return `p = writeNumber(b, w.view, p, ${value});\n`;
}

function literal(value: string | number | boolean): string {
  return typeof value === "string" ? quote(value) : `${value}`;
}

function literalBytes(value: string | number | boolean): number[] {
  if (typeof value === "string") return textBytes(value);
  return typeof value === "number" ? numberBytes(value) : [value ? 0xc3 : 0xc2];
}

/** Up to here comparing with one value after the other beats looking it up in a set. */
const COMPARED_MAX = 8;

function isOneOf(program: Program, value: string, values: readonly (string | number | bigint)[]): string {
  if (values.length > COMPARED_MAX) {
    const key = values.map((item) => `${typeof item} ${JSON.stringify(String(item))}`);
    const set = program.constant(`set ${key}`, () => new Set(values));
    return `${set}.has(${value})`;
  }
  const show = (item: string | number | bigint): string =>
    typeof item === "string" ? quote(item) : typeof item === "bigint" ? `${item}n` : `${item}`;
  return values.map((item) => `${value} === ${show(item)}`).join(" || ");
}

function tooMany(at: string, unit: string, count: number, found: string): string {
  const plural = count === 1 ? "" : "s";
  return `failure(${at}, "expected at most ${count} ${unit}${plural}, found " + ${found})`;
}
