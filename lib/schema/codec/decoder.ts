import { resolve, type ResolvedType, unionMembers } from "../resolve.ts";
import type { Property, Type } from "../schema.ts";
import { nilMeaning, type UnionPlan, unionPlan } from "../union.ts";
import { checkBigint, checkBytes, checkItems, checkNumber, checkText } from "./checks.ts";
import { NESTING_MAX } from "./cursor.ts";
import { KeyTable } from "./keys.ts";
import { type Program, propertyPath, quote } from "./program.ts";
import { UTF8_BYTES_MAX } from "./text.ts";
import { type ListShape, type ObjectType, requiredCount, textBytes, wireOrder } from "./wire_form.ts";

/** Objects of more properties than bits in a small integer keep several masks of what they have seen. */
const MASK_BITS = 30;
/** Arrays of up to this many elements are made at once; longer ones grow with what really is in the message. */
const PREALLOCATED_MAX = 1024;

/**
 * Writes the code of a decoder. Every type with parts becomes a function
 *
 *     (s: Cursor, d: depth, at?: path) => value
 *
 * that reads at `s.position` and moves it; all others are read in place. Inside a function `B` are the message's bytes,
 * `E` is where it ends and `p` where the code stands; `c` and `n` are scratch.
 *
 * Reading one byte is not checked against the end: past it lie the bytes of another message, or undefined, and whatever
 * they decode to, the position is past the end then too, and the run ends in an error. What costs memory or time, a
 * length or a count, is checked each time.
 */
export class DecoderSource {
  constructor(private readonly program: Program) {}

  /** The function that decodes a value of this type. */
  entry(type: Type): string {
    return this.program.functionFor({}, (name) => this.define(name, `let v;\n${this.read(type, "v", "at")}`, "v"));
  }

  /** The function that decodes a list. */
  entryOfList(list: ListShape): string {
    return this.program.functionFor({}, (name) => this.listFunction(name, list));
  }

  private define(name: string, body: string, result: string): string {
    return `function ${name}(s, d${this.program.path("at")}) {
const B = s.bytes, E = s.end;
let p = s.position, c = 0, n = 0;
${body}s.position = p;
return ${result};
}`;
  }

  private defineNested(name: string, body: string, result: string): string {
    const tooDeep = this.program.refuseIf(
      `d > ${NESTING_MAX}`,
      () => `failure(at, "expected at most ${NESTING_MAX} levels, found more")`,
    );
    return this.define(name, tooDeep + body, result);
  }

  /** In code that explains, a statement that ends the run if the message has ended. */
  private notEnded(expected: string, at: string, test = "p >= E"): string {
    return this.program.explains ? this.program.refuseIf(test, () => `ended(${at}, ${expected})`) : "";
  }

  /** Code that reads, checks and assigns a value of this type to the variable `target`. `expected` names it in messages. */
  private read(written: Type, target: string, at: string, expected = this.program.expected(written)): string {
    const { program } = this;
    const type = resolve(written, program.definitions);
    const refuse = (position: string): string =>
      program.refuse(() => `wireMismatch(${at}, ${expected}, s, ${position})`);
    switch (type.kind) {
      case "unknown":
        return `s.position = p;
${target} = readUnknown(s, d + 1);
${program.refuseIf(`${target} === NOTHING`, () => `failure(${at}, s.problem)`)}p = s.position;\n`;
      case "null":
      case "undefined":
        return `if (B[p] === 192) { p++; ${target} = ${type.kind}; }\nelse ${refuse("p")}`;
      case "boolean":
        return `c = B[p];
if (c === 195) ${target} = true;
else if (c === 194) ${target} = false;
else ${refuse("p")}p++;\n`;
      case "number":
      case "integer":
        return this.readNumber(type, target, at, expected);
      case "bigint":
        return this.readBigint(target, expected, at) + checkBigint(program, type, target, at);
      case "bigintLiteral":
        return this.readBigint(target, expected, at) +
          program.refuseIf(`${target} !== ${BigInt(type.value)}n`, () => `mismatch(${at}, ${expected}, ${target})`);
      case "string": {
        const bytesMax = type.maxLength === undefined ? Infinity : type.maxLength * UTF8_BYTES_MAX;
        return this.readText(target, expected, at, bytesMax, type.maxLength) + checkText(program, type, target, at);
      }
      case "bytes":
        return this.readBytes(type, target, expected, at);
      case "date":
        return `c = p;
s.position = p + 1;
n = readTimestamp(s, B[p]);
p = s.position;
${program.refuseIf("n === undefined", () => `wireMismatch(${at}, ${expected}, s, c)`)}${
          this.notEnded(expected, at, "p > E")
        }${target} = new Date(n);\n`;
      case "literal":
        return this.readLiteral(type.value, target, expected, at);
      case "union":
        return this.readUnionInPlace(written, type, target, at);
      default:
        return this.call(this.functionOf(written, type), target, at);
    }
  }

  private call(name: string, target: string, at: string, depth = "d + 1"): string {
    return `s.position = p;\n${target} = ${name}(s, ${depth}${this.program.path(at)});\np = s.position;\n`;
  }

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
          return type.index === undefined
            ? this.objectFunction(name, written, type)
            : this.indexedObjectFunction(name, written, type, type.index);
        default:
          return this.define(name, `let v;\n${this.readUnion(written, "v", "at")}`, "v");
      }
    });
  }

  private readNumber(
    type: Extract<ResolvedType, { kind: "number" | "integer" }>,
    target: string,
    at: string,
    expected: string,
  ): string {
    const { program } = this;
    const start = program.explains ? "const start = p;\n" : "";
    // Single precision is read like this where it is expected, double precision everywhere.
    const [lead, bytes, read] = type.kind === "number" && type.format === "f32"
      ? [0xca, 4, "getFloat32"]
      : [0xcb, 8, "getFloat64"];
    const code = `${start}${this.notEnded(expected, at)}c = B[p++];
if (c < 128) ${target} = c;
else if (c === 204) ${target} = B[p++];
else if (c === ${lead} && p + ${bytes} <= E) { ${target} = (s.view || s.makeView()).${read}(p); p += ${bytes}; }
else {
s.position = p;
${target} = readNumber(s, c);
p = s.position;
${program.refuseIf(`${target} === undefined`, () => `wireMismatch(${at}, ${expected}, s, start)`)}}
${this.notEnded(expected, at, "p > E")}${checkNumber(program, type, target, at)}`;
    return program.explains ? `{\n${code}}\n` : code;
  }

  private readBigint(target: string, expected: string, at: string): string {
    const { program } = this;
    return `c = p;
s.position = p + 1;
${target} = readBigint(s, B[p]);
p = s.position;
${program.refuseIf(`${target} === undefined`, () => `wireMismatch(${at}, ${expected}, s, c)`)}${
      this.notEnded(expected, at, "p > E")
    }`;
  }

  /** Reads the header of a string: `n` bytes follow at `p`, and they are there. */
  private readTextHeader(expected: string, at: string): string {
    const { program } = this;
    return `${this.notEnded(expected, at)}c = B[p++];
if (c >= 160 && c < 192) n = c & 31;
else {
s.position = p;
n = textLength(s, c);
${program.refuseIf("n < 0", () => `wireMismatch(${at}, ${expected}, s, p - 1)`)}p = s.position;
}
${program.refuseIf("n > E - p", () => `overlong(${at}, "a string", n, s, p)`)}`;
  }

  private readText(target: string, expected: string, at: string, bytesMax: number, lengthMax?: number): string {
    const { program } = this;
    const tooLong = bytesMax === Infinity ? "" : program.refuseIf(
      `n > ${bytesMax}`,
      () => `failure(${at}, "expected at most ${lengthMax} characters, found " + n + " bytes")`,
    );
    return `${this.readTextHeader(expected, at)}${tooLong}${target} = readText(B, p, p += n);
${program.refuseIf(`${target} === undefined`, () => `failure(${at}, "expected UTF-8, found other bytes")`)}`;
  }

  private readBytes(type: Extract<ResolvedType, { kind: "bytes" }>, target: string, expected: string, at: string) {
    const { program } = this;
    // Its length is checked as if it was the value, before there is one.
    const lengthChecks = checkBytes(program, type, "claimed", at);
    return `c = p;
s.position = p + 1;
n = bytesLength(s, B[p]);
p = s.position;
${program.refuseIf("n < 0", () => `wireMismatch(${at}, ${expected}, s, c)`)}${
      program.refuseIf("n > E - p", () => `overlong(${at}, "binary data", n, s, p)`)
    }${
      lengthChecks === "" ? "" : `{\nconst claimed = { length: n };\n${lengthChecks}}\n`
    }${target} = copyBytes(B, p, p += n);\n`;
  }

  /** The expected bytes are compared first; other ways to write the same value are looked at only if they differ. */
  private readLiteral(value: string | number | boolean, target: string, expected: string, at: string): string {
    const { program } = this;
    if (typeof value === "boolean") {
      return `${program.refuseIf(`B[p] !== ${value ? 195 : 194}`, () => `wireMismatch(${at}, ${expected}, s, p)`)}p++;
${target} = ${value};\n`;
    }
    if (typeof value === "number") {
      return this.readNumber({ kind: "number" }, target, at, expected) +
        program.refuseIf(`${target} !== ${value}`, () => `mismatch(${at}, ${expected}, ${target})`);
    }
    const bytes = textBytes(value);
    return `if (${equals(program, bytes)}) { p += ${bytes.length}; ${target} = ${quote(value)}; }
else {
${this.readText(target, expected, at, Infinity)}${
      program.refuseIf(`${target} !== ${quote(value)}`, () => `mismatch(${at}, ${expected}, ${target})`)
    }}\n`;
  }

  /** Code that reads a count with `reader`, and refuses one that cannot be in what is left. Leaves it in `n`. */
  private readCount(
    reader: "arrayCount" | "mapCount",
    elementBytesMin: number,
    expected: string,
    at: string,
  ): string {
    const { program } = this;
    const lead = reader === "arrayCount" ? 0x90 : 0x80;
    const what = reader === "arrayCount" ? "an array" : "a map";
    return `${this.notEnded(expected, at)}c = B[p++];
if (c >= ${lead} && c < ${lead + 16}) n = c & 15;
else {
s.position = p;
n = ${reader}(s, c);
${program.refuseIf("n < 0", () => `wireMismatch(${at}, ${expected}, s, p - 1)`)}p = s.position;
}
${
      program.refuseIf(
        `n${elementBytesMin === 1 ? "" : ` * ${elementBytesMin}`} > E - p`,
        () => `overlong(${at}, "${what}", n, s, p)`,
      )
    }`;
  }

  /** Code that takes `n` elements from what one message may hold. */
  private charge(at: string): string {
    return this.program.refuseIf(
      "(s.elementsLeft -= n) < 0",
      () => `failure(${at}, "expected at most " + ELEMENTS_MAX + " elements in one message, found more")`,
    );
  }

  private sequenceFunction(
    name: string,
    written: Type,
    type: Extract<ResolvedType, { kind: "array" | "set" }>,
  ): string {
    const { program } = this;
    const isArray = type.kind === "array";
    const header = this.readCount("arrayCount", 1, program.expected(written), "at") +
      checkItems(program, isArray ? type : withoutMinimum(type), "n", "at") +
      (isArray && isPlain(type.items, program) ? "" : this.charge("at"));
    const item = this.read(type.items, "x", `at + "[" + i + "]"`);
    const result = isArray ? `n <= ${PREALLOCATED_MAX} ? new Array(n) : []` : "new Set()";
    const add = isArray ? "r[i] = x;" : "r.add(x);";
    const after = isArray ? "" : checkItems(program, type, "r.size", "at");
    return this.defineNested(
      name,
      `${header}const r = ${result};
for (let i = 0, k = n, x; i < k; i++) {
${item}${add}
}
${after}`,
      "r",
    );
  }

  private mapFunction(name: string, written: Type, type: Extract<ResolvedType, { kind: "map" }>): string {
    const { program } = this;
    const header = this.readCount("mapCount", 2, program.expected(written), "at") +
      checkItems(program, type, "n", "at") + this.charge("at");
    const duplicate = program.refuseIf(
      "r.size === i",
      () => `failure(at, "expected each key once, found " + showValue(x) + " again")`,
    );
    return this.defineNested(
      name,
      `${header}const r = new Map();
for (let i = 0, k = n, x, y; i < k; i++) {
${this.read(type.key, "x", `at + " key"`)}${this.read(type.value, "y", "keyed(at, x)")}r.set(x, y);
${duplicate}}
`,
      "r",
    );
  }

  private listFunction(name: string, list: ListShape): string {
    const { program } = this;
    const count = list.items.length;
    const required = requiredCount(list);
    const values = list.items.map(() => program.local());
    const kind = list.unit === "argument" ? "an array of arguments" : "a tuple";
    let code = this.readCount("arrayCount", 1, quote(kind), "at");
    if (list.rest === undefined) {
      const plural = count === 1 ? "" : "s";
      code += program.refuseIf(
        `n > ${count}`,
        () => `failure(at, "expected at most ${count} ${list.unit}${plural}, found " + n)`,
      );
    } else if (!isPlain(list.rest, program)) code += this.charge("at");
    if (required > 0) {
      const missing = list.items.slice(0, required).map((item) => program.expected(item.type));
      code += program.refuseIf(`n < ${required}`, () => `mismatch(at + "[" + n + "]", [${missing}][n], undefined)`);
    }
    code += "const k = n;\n";
    if (values.length > 0) code += `let ${values.join(", ")};\n`;
    list.items.forEach((item, index) => {
      const target = values[index]!;
      const at = `at + "[${index}]"`;
      if (index < required && !item.stream) {
        code += item.optional ? this.readOptional(item.type, target, at) : this.read(item.type, target, at);
      } else {
        const type: Type = item.stream ? { kind: "undefined" } : item.type;
        const read = this.readOptional(type, target, at);
        code += index < required ? read : `if (k > ${index}) {\n${read}}\n`;
      }
    });
    code += `const r = [${values.slice(0, required).join(", ")}];\n`;
    for (let index = required; index < count; index++) code += `if (k > ${index}) r.push(${values[index]});\n`;
    if (list.rest !== undefined) {
      code += `for (let i = ${count}, x; i < k; i++) {\n${
        this.read(list.rest, "x", `at + "[" + i + "]"`)
      }r.push(x);\n}\n`;
    }
    return this.defineNested(name, code, "r");
  }

  /** For what may be absent nil means absent, unless its type admits null. */
  private readOptional(type: Type, target: string, at: string): string {
    const read = this.read(type, target, at);
    if (nilMeaning(type, this.program.definitions) !== "none") return read;
    return `if (B[p] === 192) p++;\nelse {\n${read}}\n`;
  }

  private readProperty(property: Property, name: string, target: string): string {
    const at = propertyPath(name);
    return property.optional ? this.readOptional(property.type, target, at) : this.read(property.type, target, at);
  }

  /**
   * Objects come with their keys in the order in which our own encoder writes them, so each key is compared with the
   * bytes that it should have, in straight code. As soon as one differs, what is left is read in a loop that looks keys up.
   */
  private objectFunction(name: string, written: Type, type: ObjectType): string {
    const { program } = this;
    const names = wireOrder(type, program.definitions);
    const values = names.map(() => program.local());
    const masks = Array.from({ length: Math.ceil(names.length / MASK_BITS) }, (_, index) => `m${index}`);
    const expected = program.expected(written);
    const slow = program.functionFor({}, (slowName) => this.slowObjectFunction(slowName, type, names, values, masks));
    let ordered = "";
    names.forEach((property, index) => {
      const { optional } = type.properties[property]!;
      const key = textBytes(property);
      const read = `p += ${key.length};\n${this.readProperty(type.properties[property]!, property, values[index]!)}`;
      const seen = `${masks[Math.floor(index / MASK_BITS)]} |= ${2 ** (index % MASK_BITS)};\n`;
      ordered += optional
        ? `if (i !== 0 && ${equals(program, key)}) {\n${read}i--;\n${seen}}\n`
        : `if (!(${equals(program, key)})) break ordered;\n${read}i--;\n${seen}`;
    });
    const required = this.requiredMasks(type, names, masks);
    const incomplete = [`i !== 0`, ...required.map(({ mask, bits }) => `(${mask} & ${bits}) !== ${bits}`)].join(" || ");
    return this.defineNested(
      name,
      `${this.readCount("mapCount", 2, expected, "at")}let i = n;
${declare([...values, ...masks.map((mask) => `${mask} = 0`)])}ordered: {
${ordered}}
if (${incomplete}) {
s.position = p;
return ${slow}(${["s", "d", "i", ...masks, ...values].join(", ")}${program.path("at")});
}
${this.build(type, names, values)}`,
      "r",
    );
  }

  private slowObjectFunction(
    name: string,
    type: ObjectType,
    names: readonly string[],
    values: readonly string[],
    masks: readonly string[],
  ): string {
    const { program } = this;
    const cases = names.map((property, index) => {
      const mask = masks[Math.floor(index / MASK_BITS)]!;
      const bit = 2 ** (index % MASK_BITS);
      return `case ${index}:
${program.refuseIf(`(${mask} & ${bit}) !== 0`, () => duplicateKey(quote(property)))}${mask} |= ${bit};
${this.readProperty(type.properties[property]!, property, values[index]!)}break;\n`;
    });
    const missing = this.requiredMasks(type, names, masks).map(({ mask, bits }) =>
      program.explains
        ? this.missingChecks(type, names, masks, mask)
        : program.refuseIf(`(${mask} & ${bits}) !== ${bits}`, () => "")
    );
    return `function ${name}(${["s", "d", "i", ...masks, ...values].join(", ")}${program.path("at")}) {
const B = s.bytes, E = s.end;
let p = s.position, c = 0, n = 0, g = 0;
while (i > 0) {
i--;
${this.readKey(names)}switch (n) {
${cases.join("")}default:
${this.skipUnknown()}}
}
${program.refuseIf("i < 0", () => `failure(at, "expected no more entries than the map claims")`)}${missing.join("")}${
      this.build(type, names, values)
    }s.position = p;
return r;
}`;
  }

  /** Code that reads a key and leaves its index in `n`, -1 if it is not declared. `g` is the guess for the next one. */
  private readKey(names: readonly string[]): string {
    const { program } = this;
    const table = program.constant(`keys ${JSON.stringify(names)}`, () => new KeyTable(names));
    return `${this.readTextHeader(`"a string as key"`, "at")}c = p;
p += n;
n = ${table}.find(B, c, n, g);
${
      program.refuseIf("n === FORBIDDEN_KEY", () =>
        `failure(at, 'expected no key "__proto__", which would set a prototype')`)
    }` +
      "if (n >= 0) g = n + 1;\n";
  }

  private skipUnknown(): string {
    return `s.position = p;
${
      this.program.refuseIf("skip(s) < 0", () =>
        `failure(at, "expected a value in MessagePack, found other bytes")`)
    }p = s.position;\n`;
  }

  private requiredMasks(type: ObjectType, names: readonly string[], masks: readonly string[]) {
    return masks.map((mask, index) => {
      const own = names.slice(index * MASK_BITS, (index + 1) * MASK_BITS);
      const bits = own.reduce((sum, name, bit) => sum + (type.properties[name]!.optional ? 0 : 2 ** bit), 0);
      return { mask, bits };
    }).filter(({ bits }) => bits !== 0);
  }

  private missingChecks(type: ObjectType, names: readonly string[], masks: readonly string[], mask: string): string {
    return names.map((name, index) => {
      if (masks[Math.floor(index / MASK_BITS)] !== mask || type.properties[name]!.optional) return "";
      return this.program.refuseIf(
        `(${mask} & ${2 ** (index % MASK_BITS)}) === 0`,
        () => `mismatch(${propertyPath(name)}, ${this.program.expected(type.properties[name]!.type)}, undefined)`,
      );
    }).join("");
  }

  /**
   * Code that makes the object `r`, its properties as declared, absent ones absent. One literal where all are there, so
   * that all such objects have one shape.
   */
  private build(type: ObjectType, names: readonly string[], values: readonly string[]): string {
    const declared = Object.keys(type.properties).map((name) => ({
      name,
      value: values[names.indexOf(name)]!,
      optional: type.properties[name]!.optional === true,
    }));
    const literalOf = (entries: typeof declared): string =>
      `{ ${entries.map(({ name, value }) => `${quote(name)}: ${value}`).join(", ")} }`;
    const optional = declared.filter((entry) => entry.optional);
    if (optional.length === 0) return `const r = ${literalOf(declared)};\n`;
    const first = declared.findIndex((entry) => entry.optional);
    const rest = declared.slice(first).map(({ name, value, optional }) =>
      `${optional ? `if (${value} !== undefined) ` : ""}r[${quote(name)}] = ${value};\n`
    );
    return `let r;
if (${optional.map(({ value }) => `${value} !== undefined`).join(" && ")}) r = ${literalOf(declared)};
else {
r = ${literalOf(declared.slice(0, first))};
${rest.join("")}}
`;
  }

  private indexedObjectFunction(name: string, written: Type, type: ObjectType, index: Type): string {
    const { program } = this;
    const names = wireOrder(type, program.definitions);
    const cases = names.map((property, at) =>
      `case ${at}:
${program.refuseIf(`Object.hasOwn(r, ${quote(property)})`, () => duplicateKey(quote(property)))}x = undefined;
${this.readProperty(type.properties[property]!, property, "x")}if (x !== undefined) r[${quote(property)}] = x;
break;\n`
    );
    const missing = names.filter((property) => !type.properties[property]!.optional).map((property) =>
      program.refuseIf(
        `!Object.hasOwn(r, ${quote(property)})`,
        () => `mismatch(${propertyPath(property)}, ${program.expected(type.properties[property]!.type)}, undefined)`,
      )
    );
    const entry = `${this.readTextHeader(`"a string as key"`, "at")}y = readKeyText(B, p, p += n);
${program.refuseIf("y === undefined", () => `failure(at, "expected UTF-8 in a key, found other bytes")`)}${
      program.refuseIf(`y === "__proto__"`, () => FORBIDDEN_KEY_FAILURE)
    }${program.refuseIf("Object.hasOwn(r, y)", () => duplicateKey("y"))}${
      this.read(index, "x", "keyed(at, y)")
    }r[y] = x;\n`;
    const lookedUp = `const start = p;\n${this.readKey(names)}switch (n) {\n${cases.join("")}default:
p = start;
${entry}}\n`;
    return this.defineNested(
      name,
      `${this.readCount("mapCount", 2, program.expected(written), "at")}${this.charge("at")}const r = {};
for (let i = n, g = 0, x, y; i > 0; i--) {
${names.length === 0 ? entry : lookedUp}}
${missing.join("")}`,
      "r",
    );
  }

  /** `T | null` is a test in front of T; everything else is worth a function. */
  private readUnionInPlace(
    written: Type,
    type: Extract<ResolvedType, { kind: "union" }>,
    target: string,
    at: string,
  ): string {
    const { program } = this;
    const { definitions } = program;
    const members = unionMembers(type, definitions);
    const others = members.filter((member) => member.kind !== "null" && member.kind !== "undefined");
    if (others.length === 1 && members.length > 1) {
      return `if (B[p] === 192) { p++; ${target} = ${nilMeaning(type, definitions)}; }
else {
${this.read(others[0]!, target, at, program.expected(written))}}\n`;
    }
    return this.call(this.functionOf(written, type), target, at, "d");
  }

  private readUnion(written: Type, target: string, at: string): string {
    const { program } = this;
    const plan = unionPlan(written, program.definitions);
    const expected = program.expected(written);
    const cases: [condition: string, code: string][] = [];
    const add = (condition: string, type: Type | undefined): void => {
      if (type !== undefined) cases.push([condition, this.read(type, target, at)]);
    };
    if (plan.admitsNull || plan.admitsUndefined) {
      cases.push(["B[p] === 192", `p++;\n${target} = ${plan.admitsNull ? "null" : "undefined"};\n`]);
    }
    for (const item of plan.booleans) cases.push([`B[p] === ${item ? 195 : 194}`, `p++;\n${target} = ${item};\n`]);
    this.addStrings(cases, plan, target, expected, at);
    if (plan.numbers.length > 0 || plan.number !== undefined) {
      cases.push(["isNumberLead(B[p])", this.readNumberOf(plan, target, expected, at)]);
    }
    if (plan.bigints.length > 0 || plan.bigint !== undefined) {
      cases.push(["isNumberLead(B[p])", this.readBigintOf(plan, target, expected, at)]);
    }
    add("B[p] >= 196 && B[p] <= 198", plan.bytes);
    add("B[p] === 214 || B[p] === 215 || B[p] === 199", plan.date);
    add("B[p] >= 144 && B[p] < 160 || B[p] === 220 || B[p] === 221", plan.list);
    const isMap = "B[p] >= 128 && B[p] < 144 || B[p] === 222 || B[p] === 223";
    add(isMap, plan.map);
    if (plan.objects !== undefined) cases.push([isMap, this.readDiscriminated(plan.objects, target, at)]);
    const branches = cases.map(([condition, code]) => `if (${condition}) {\n${code}} else `);
    return branches.join("") + program.refuse(() => `wireMismatch(${at}, ${expected}, s, p)`);
  }

  private addStrings(
    cases: [condition: string, code: string][],
    plan: UnionPlan,
    target: string,
    expected: string,
    at: string,
  ): void {
    const { program } = this;
    if (plan.strings.length === 0 && plan.string === undefined) return;
    if (plan.strings.length <= COMPARED_LITERALS_MAX) {
      for (const value of plan.strings) {
        const bytes = textBytes(value);
        cases.push([equals(program, bytes), `p += ${bytes.length};\n${target} = ${quote(value)};\n`]);
      }
    }
    const isText = "B[p] >= 160 && B[p] < 192 || B[p] >= 217 && B[p] <= 219";
    const literals = program.constant(`set ${JSON.stringify(plan.strings)}`, () => new Set(plan.strings));
    const read = this.readText(target, expected, at, Infinity);
    const check = plan.string === undefined
      ? program.refuseIf(`!${literals}.has(${target})`, () => `mismatch(${at}, ${expected}, ${target})`)
      : `if (!${literals}.has(${target})) {\n${checkText(program, plan.string, target, at)}}\n`;
    cases.push([isText, read + check]);
  }

  private readNumberOf(plan: UnionPlan, target: string, expected: string, at: string): string {
    const { program } = this;
    const isLiteral = plan.numbers.length === 0
      ? "false"
      : `${program.constant(`numbers ${plan.numbers}`, () => new Set(plan.numbers))}.has(${target})`;
    const check = plan.number === undefined
      ? program.refuseIf(`!${isLiteral}`, () => `mismatch(${at}, ${expected}, ${target})`)
      : `if (!${isLiteral}) {\n${checkNumber(program, plan.number, target, at)}}\n`;
    return this.readNumber({ kind: "number" }, target, at, expected) + check;
  }

  private readBigintOf(plan: UnionPlan, target: string, expected: string, at: string): string {
    const { program } = this;
    const values = plan.bigints.map(BigInt);
    const isLiteral = values.length === 0
      ? "false"
      : `${program.constant(`bigints ${values}`, () => new Set(values))}.has(${target})`;
    const check = plan.bigint === undefined
      ? program.refuseIf(`!${isLiteral}`, () => `mismatch(${at}, ${expected}, ${target})`)
      : `if (!${isLiteral}) {\n${checkBigint(program, plan.bigint, target, at)}}\n`;
    return this.readBigint(target, expected, at) + check;
  }

  /** Looks at the discriminating property where it should come first, else searches for it, then reads from the start. */
  private readDiscriminated(objects: NonNullable<UnionPlan["objects"]>, target: string, at: string): string {
    const { program } = this;
    const key = textBytes(objects.property);
    const keyName = program.constant(
      `name ${objects.property}`,
      () => new TextEncoder().encode(objects.property),
    );
    const values = objects.members.flatMap((member) => member.values);
    const tag = program.functionFor({}, (name) => this.tagFunction(name, objects));
    const choices = objects.members.map(({ values: own, type }) =>
      `${own.map((value) => `case ${values.indexOf(value)}:`).join(" ")} {\n${this.read(type, target, at)}break;\n}\n`
    );
    const names = quote(values.map((value) => JSON.stringify(value)).join(" | "));
    const place = `${at} + ${propertyPath(objects.property).slice("at + ".length)}`;
    const refusal = program.refuse(() =>
      `n < 0 ? mismatch(${place}, ${names}, undefined) : wireMismatch(${place}, ${names}, s, n)`
    );
    return `n = B[p] < 144 && ${equals(program, key, 1)} ? p + ${key.length + 1} : findValue(s, p, ${keyName});
switch (${tag}(s, n)) {
${choices.join("")}default: ${refusal}}\n`;
  }

  /** The function that tells which literal stands at a position: its index, or -1. */
  private tagFunction(name: string, objects: NonNullable<UnionPlan["objects"]>): string {
    const { program } = this;
    const values = objects.members.flatMap((member) => member.values);
    const comparisons = values.slice(0, COMPARED_LITERALS_MAX).map((value, index) =>
      typeof value === "string" ? `if (${equals(program, textBytes(value))}) return ${index};\n` : ""
    );
    const literals = program.constant(
      `indexes ${JSON.stringify(values)}`,
      () => new Map<unknown, number>(values.map((value, index) => [value, index])),
    );
    return `function ${name}(s, p) {
if (p < 0) return -1;
const B = s.bytes;
${comparisons.join("")}const position = s.position;
s.position = p;
const value = readLiteral(s);
s.position = position;
const index = ${literals}.get(value);
return index === undefined ? -1 : index;
}`;
  }
}

const FORBIDDEN_KEY_FAILURE = `failure(at, 'expected no key "__proto__", which would set a prototype')`;

/** More literals than this are looked up instead of being compared one after the other. */
const COMPARED_LITERALS_MAX = 16;
/** Longer names are compared in a loop: their code would grow with what a schema from outside says. */
const COMPARED_BYTES_MAX = 40;

/** A condition that known bytes stand at `p`. */
function equals(program: Program, bytes: readonly number[], offset = 0): string {
  if (bytes.length > COMPARED_BYTES_MAX) {
    const constant = program.constant(`bytes ${bytes.join()}`, () => Uint8Array.from(bytes));
    return `matches(B, p${offset === 0 ? "" : ` + ${offset}`}, ${constant})`;
  }
  return bytes.map((byte, index) => `B[p${index + offset === 0 ? "" : ` + ${index + offset}`}] === ${byte}`).join(
    " && ",
  );
}

function declare(names: readonly string[]): string {
  return names.length === 0 ? "" : `let ${names.join(", ")};\n`;
}

function duplicateKey(name: string): string {
  return `failure(at, "expected each key once, found " + showText(${name}) + " again")`;
}

/** Whether values of this type live in the array that holds them. */
function isPlain(type: Type, program: Program): boolean {
  return unionMembers(type, program.definitions).every((member) => {
    switch (member.kind) {
      case "null":
      case "undefined":
      case "boolean":
      case "number":
      case "integer":
      case "literal":
        return true;
      default:
        return false;
    }
  });
}

function withoutMinimum<T extends { minItems?: number }>(type: T): Omit<T, "minItems"> {
  const { minItems: _, ...rest } = type;
  return rest;
}
