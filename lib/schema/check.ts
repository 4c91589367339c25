import { CellError } from "../base/mod.ts";
import { compilePattern } from "./pattern/mod.ts";
import { METHOD_NAME, METHODS_MAX, UNION_WORK_MAX } from "./limits.ts";
import { unionPlan } from "./union.ts";
import { admits, resolve, unionMembers, unionSize } from "./resolve.ts";
import type { Definitions, Method, Param, Type } from "./schema.ts";
import { typeText } from "./type_text.ts";

/** The least and the greatest value of each integer format. */
export const INTEGER_RANGES = {
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32_768, 32_767],
  u16: [0, 65_535],
  i32: [-2_147_483_648, 2_147_483_647],
  u32: [0, 4_294_967_295],
} as const;

/** The least and the greatest value of each bigint format; "any" is a bigint without one. */
export const BIGINT_RANGES = {
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  any: [-(2n ** 63n), 2n ** 64n - 1n],
} as const;

interface Checked {
  methods: { [name: string]: Omit<Method, "gene"> };
  types: Definitions;
}

/**
 * Checks what the shape of a document does not say: names lead somewhere, unions can be told apart, bounds can be met.
 * Throws INVALID_ARGUMENT with the place, such as `methods.greet.params[0].type`.
 */
export function checkSchema(schema: Checked): void {
  const names = Object.keys(schema.methods);
  if (names.length > METHODS_MAX) throw problem("methods", `expected at most ${METHODS_MAX}, found ${names.length}`);
  const roots = Object.entries(schema.types).map(([name, { type }]): Root => [type, `types.${name}.type`]);
  for (const name of names) {
    if (!METHOD_NAME.test(name)) {
      throw problem("methods", `expected a name of ASCII letters, digits, _ and $, found ${JSON.stringify(name)}`);
    }
    const { params, result } = schema.methods[name]!;
    checkParams(params, `methods.${name}`);
    params.forEach(({ type }, index) => roots.push([type, `methods.${name}.params[${index}].type`]));
    roots.push([result, `methods.${name}.result`]);
  }
  // All other checks may look into unions freely, once it is known that there is not too much to be seen.
  const checkUnion = unionCheck(schema.types);
  for (const [type, path] of roots) visitAll(type, path, checkUnion);
  for (const [type, path] of roots) visitAll(type, path, (part, at) => checkNode(part, schema.types, at));
}

/** A type that is written in no other one, and where. */
type Root = [type: Type, path: string];

/** Checks one type, not what it consists of. */
type Visit = (type: Type, path: string) => void;

function checkParams(params: readonly Param[], path: string): void {
  let hasOptional = false;
  let hasStream = false;
  params.forEach((param, index) => {
    const at = `${path}.params[${index}]`;
    if (param.rest && index < params.length - 1) throw problem(at, "a rest parameter must be the last one");
    if (param.rest && (param.optional || param.stream)) {
      throw problem(at, "a rest parameter can be neither optional nor a stream");
    }
    if (param.stream && hasStream) throw problem(at, "a method takes at most one stream");
    if (hasOptional && isRequired(param)) throw problem(at, "a required parameter must not follow an optional one");
    hasOptional ||= param.optional === true;
    hasStream ||= param.stream === true;
  });
}

function isRequired(param: Param): boolean {
  return !param.optional && !param.rest && !param.stream;
}

/** Has a type and all types in it checked. */
function visitAll(type: Type, path: string, visit: Visit): void {
  try {
    visit(type, path);
  } catch (error) {
    if (error instanceof CellError && error.code === "INVALID_ARGUMENT" && !error.message.startsWith(path)) {
      throw problem(path, error.message);
    }
    throw error;
  }
  switch (type.kind) {
    case "array":
    case "set":
      visitAll(type.items, `${path}.items`, visit);
      return;
    case "map":
      visitAll(type.key, `${path}.key`, visit);
      visitAll(type.value, `${path}.value`, visit);
      return;
    case "tuple":
      type.items.forEach((item, index) => visitAll(item.type, `${path}.items[${index}].type`, visit));
      if (type.rest !== undefined) visitAll(type.rest, `${path}.rest`, visit);
      return;
    case "object":
      for (const [name, property] of Object.entries(type.properties)) {
        visitAll(property.type, `${path}.properties.${name}.type`, visit);
      }
      if (type.index !== undefined) visitAll(type.index, `${path}.index`, visit);
      return;
    case "union":
      type.members.forEach((member, index) => visitAll(member, `${path}.members[${index}]`, visit));
      return;
    default:
      return;
  }
}

/** Unions can be told apart, and all of them together are not too much work. */
function unionCheck(definitions: Definitions): Visit {
  let left = UNION_WORK_MAX;
  const charge = (steps: number): void => {
    left -= steps;
    if (left < 0) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `the unions of the document have more than ${UNION_WORK_MAX} members in all`,
      );
    }
  };
  return (type) => {
    if (type.kind === "map") charge(unionSize(resolve(type.key, definitions), definitions));
    if (type.kind !== "union") return;
    charge(unionSize(type, definitions));
    unionPlan(type, definitions, charge);
  };
}

function checkNode(type: Type, definitions: Definitions, path: string): void {
  switch (type.kind) {
    case "ref":
      resolve(type, definitions);
      return;
    case "number":
      checkOrder(type.minimum, type.maximum, "minimum", path);
      return;
    case "integer": {
      checkOrder(type.minimum, type.maximum, "minimum", path);
      const [least, greatest] = INTEGER_RANGES[type.format];
      if ((type.minimum ?? least) > greatest || (type.maximum ?? greatest) < least) {
        throw problem(path, `no ${type.format} is within the bounds`);
      }
      return;
    }
    case "bigint": {
      const [least, greatest] = BIGINT_RANGES[type.format ?? "any"];
      const minimum = type.minimum === undefined ? undefined : BigInt(type.minimum);
      const maximum = type.maximum === undefined ? undefined : BigInt(type.maximum);
      checkOrder(minimum, maximum, "minimum", path);
      if ((minimum ?? least) > greatest || (maximum ?? greatest) < least) {
        throw problem(path, "no 64-bit integer is within the bounds");
      }
      return;
    }
    case "bigintLiteral": {
      const value = BigInt(type.value);
      const [least, greatest] = BIGINT_RANGES.any;
      if (value < least || value > greatest) throw problem(path, `${type.value} does not fit 64 bits`);
      return;
    }
    case "string":
      checkOrder(type.minLength, type.maxLength, "minLength", path);
      checkPattern(type.pattern, path);
      return;
    case "bytes":
      checkOrder(type.minLength, type.maxLength, "minLength", path);
      return;
    case "array":
    case "set":
      checkOrder(type.minItems, type.maxItems, "minItems", path);
      return;
    case "map":
      checkOrder(type.minItems, type.maxItems, "minItems", path);
      checkKey(type.key, definitions, `${path}.key`);
      return;
    case "tuple": {
      let hasOptional = false;
      type.items.forEach((item, index) => {
        const at = `${path}.items[${index}]`;
        if (hasOptional && !item.optional) throw problem(at, "a required element must not follow an optional one");
        hasOptional ||= item.optional === true;
      });
      return;
    }
    case "object":
      for (const [name, property] of Object.entries(type.properties)) {
        const at = `${path}.properties.${name}`;
        if (name === "__proto__") throw problem(at, "this name sets a prototype in JavaScript; choose another one");
        if (!property.optional && admits(property.type, "undefined", definitions)) {
          throw problem(at, 'a property that may be undefined must have "optional": true');
        }
      }
      return;
    default:
      return;
  }
}

/** Keys that can be compared: a second entry with the same key must be noticed. */
function checkKey(key: Type, definitions: Definitions, path: string): void {
  for (const member of unionMembers(key, definitions)) {
    switch (member.kind) {
      case "string":
      case "number":
      case "integer":
      case "bigint":
      case "boolean":
      case "literal":
      case "bigintLiteral":
        break;
      default:
        throw problem(
          path,
          `expected keys of string, number, bigint, boolean or literals, found ${typeText(member, definitions)}`,
        );
    }
  }
}

function checkOrder<T extends number | bigint>(
  least: T | undefined,
  greatest: T | undefined,
  name: string,
  path: string,
): void {
  if (least === undefined || greatest === undefined || least <= greatest) return;
  throw problem(path, `${name} ${least} is greater than ${name.replace("min", "max")} ${greatest}`);
}

function checkPattern(pattern: string | undefined, path: string): void {
  if (pattern === undefined) return;
  try {
    compilePattern(pattern);
  } catch (cause) {
    if (!(cause instanceof CellError)) throw cause;
    throw new CellError("INVALID_ARGUMENT", `${path}.pattern: ${cause.message}`, { cause });
  }
}

function problem(path: string, message: string): CellError {
  return new CellError("INVALID_ARGUMENT", `${path}: ${message}`);
}
