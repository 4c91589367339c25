import { CellError, didYouMean } from "../base/mod.ts";
import { type Definitions, resolve, type ResolvedType, type Type, unionPlan } from "../schema/mod.ts";
import { mismatch } from "./found.ts";
import { jsonOfText } from "./text.ts";

/** Deeper JSON than this is refused; no codec takes it either. */
const DEPTH_MAX = 500;
/** ISO 8601 as ECMAScript's Date reads it, and nothing looser: `new Date("1")` is the year 2001. */
const ISO_DATE = /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;
const NOT_IN_JSON: Record<string, number> = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** How strictly JSON is read. */
export interface FromJsonOptions {
  /**
   * What becomes of properties that the type does not declare: typed by hand they are mistakes, written by a program they
   * are another version's.
   * @default "refuse"
   */
  undeclared?: "refuse" | "skip";
}

/** The value of `type` that `json` stands for. What fits no type is passed on for the codec to refuse. */
export function fromJson(
  json: unknown,
  type: Type,
  definitions: Definitions,
  path: string,
  options: FromJsonOptions = {},
): unknown {
  return new JsonReader(definitions, options.undeclared ?? "refuse").read(json, type, path, 0);
}

class JsonReader {
  constructor(private readonly definitions: Definitions, private readonly undeclared: "refuse" | "skip") {}

  read(json: unknown, written: Type, path: string, depth: number): unknown {
    if (depth > DEPTH_MAX) {
      throw new CellError("INVALID_ARGUMENT", `${path}: values are nested deeper than ${DEPTH_MAX}`);
    }
    const type = resolve(written, this.definitions);
    switch (type.kind) {
      case "undefined":
        return json === null ? undefined : json;
      case "number":
      case "integer":
        if (typeof json === "bigint") return Number(json);
        return typeof json === "string" && Object.hasOwn(NOT_IN_JSON, json) ? NOT_IN_JSON[json] : json;
      case "bigint":
      case "bigintLiteral":
        return readBigint(json, path);
      case "date":
        return readDate(json, path);
      case "bytes":
        return readBytes(json, path);
      case "array":
      case "set":
      case "tuple":
        return this.#readList(json, type, path, depth);
      case "map":
        return this.#readMap(json, type, path, depth);
      case "object":
        return this.#readObject(json, type, path, depth);
      case "union":
        return this.#readUnion(json, type, path, depth);
      default:
        return json;
    }
  }

  #readList(
    json: unknown,
    type: Extract<ResolvedType, { kind: "array" | "set" | "tuple" }>,
    path: string,
    depth: number,
  ): unknown {
    if (!Array.isArray(json)) return json;
    const items = json.map((item, index) => {
      const itemType = type.kind === "tuple" ? (type.items[index]?.type ?? type.rest) : type.items;
      return itemType === undefined ? item : this.read(item, itemType, `${path}[${index}]`, depth + 1);
    });
    return type.kind === "set" ? new Set(items) : items;
  }

  #readMap(json: unknown, type: Extract<ResolvedType, { kind: "map" }>, path: string, depth: number): unknown {
    if (!isObject(json) && !isPairs(json)) return json;
    const entries = isObject(json)
      ? Object.entries(json).map(([key, value]) => [jsonOfText(key, type.key, this.definitions), value] as const)
      : json;
    const map = new Map<unknown, unknown>();
    for (const [jsonKey, jsonValue] of entries) {
      const key = this.read(jsonKey, type.key, `${path} key`, depth + 1);
      if (map.has(key)) throw new CellError("INVALID_ARGUMENT", `${path}: the key ${String(jsonKey)} is given twice`);
      map.set(key, this.read(jsonValue, type.value, `${path}[${JSON.stringify(String(jsonKey))}]`, depth + 1));
    }
    return map;
  }

  #readObject(json: unknown, type: Extract<ResolvedType, { kind: "object" }>, path: string, depth: number): unknown {
    if (!isObject(json)) return json;
    const object: Record<string, unknown> = Object.create(null);
    for (const [name, value] of Object.entries(json)) {
      const property = Object.hasOwn(type.properties, name) ? type.properties[name] : undefined;
      const valueType = property?.type ?? type.index;
      if (valueType !== undefined) object[name] = this.read(value, valueType, `${path}.${name}`, depth + 1);
      else if (this.undeclared === "refuse") throw undeclaredProperty(path, name, Object.keys(type.properties));
    }
    return object;
  }

  #readUnion(json: unknown, type: Extract<ResolvedType, { kind: "union" }>, path: string, depth: number): unknown {
    const member = memberFor(json, type, this.definitions);
    if (member !== undefined) return this.read(json, member, path, depth + 1);
    const plan = unionPlan(type, this.definitions);
    return json === null && plan.admitsUndefined && !plan.admitsNull ? undefined : json;
  }
}

/** The member of a union that `json` is converted to; undefined where the value is right as it is, or wrong. */
function memberFor(
  json: unknown,
  union: Extract<ResolvedType, { kind: "union" }>,
  definitions: Definitions,
): Type | undefined {
  const plan = unionPlan(union, definitions);
  switch (typeof json) {
    case "string":
      if (plan.string !== undefined || plan.strings.includes(json)) return undefined;
      if (plan.date !== undefined && ISO_DATE.test(json)) return plan.date;
      if (/^-?\d+$/.test(json) && (plan.bigint !== undefined || plan.bigints.length > 0)) return { kind: "bigint" };
      if (plan.number !== undefined && Object.hasOwn(NOT_IN_JSON, json)) return plan.number;
      return plan.bytes ?? plan.date;
    case "number":
    case "bigint":
      if (plan.number !== undefined || plan.numbers.includes(Number(json))) return { kind: "number" };
      if (plan.bigint !== undefined || plan.bigints.length > 0) return { kind: "bigint" };
      return plan.date;
    case "object":
      if (json === null || json instanceof Uint8Array) return undefined;
      if (Array.isArray(json)) return plan.list ?? (isPairs(json) && plan.map?.kind === "map" ? plan.map : undefined);
      if (plan.objects === undefined) return plan.map;
      return discriminated(json as Record<string, unknown>, plan.objects);
    default:
      return undefined;
  }
}

function discriminated(
  json: Record<string, unknown>,
  { property, members }: NonNullable<ReturnType<typeof unionPlan>["objects"]>,
): Type | undefined {
  const value = Object.hasOwn(json, property) ? json[property] : undefined;
  return members.find(({ values }) => values.some((literal) => literal === value))?.type;
}

function readBigint(json: unknown, path: string): unknown {
  if (typeof json === "number" && Number.isSafeInteger(json)) return BigInt(json);
  if (typeof json !== "string") return json;
  if (!/^-?\d+$/.test(json)) throw mismatch(path, "an integer in decimal digits", json);
  return BigInt(json);
}

function readDate(json: unknown, path: string): unknown {
  if (typeof json !== "string" && typeof json !== "number") return json;
  const date = typeof json === "string" && !(ISO_DATE.test(json) && isInCalendar(json))
    ? new Date(NaN)
    : new Date(json);
  if (Number.isNaN(date.getTime())) {
    throw mismatch(path, 'a date such as "2026-01-31T12:00:00Z" or epoch milliseconds', json);
  }
  return date;
}

/** Whether the month has the day: `new Date("2026-02-31")` would be the 3rd of March. */
function isInCalendar(text: string): boolean {
  const [, year, month, day] = /^([+-]?\d+)-(\d\d)-(\d\d)/.exec(text) ?? [];
  if (day === undefined) return true;
  // The calendar repeats every 400 years, and at the ends of time a month is not whole.
  const lastOfMonth = new Date(Date.UTC(2000 + Number(year) % 400, Number(month), 0));
  return Number(day) <= lastOfMonth.getUTCDate();
}

function readBytes(json: unknown, path: string): unknown {
  if (typeof json !== "string") return json;
  try {
    return Uint8Array.fromBase64(json.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    throw mismatch(path, "bytes in base64", json);
  }
}

function undeclaredProperty(path: string, name: string, known: readonly string[]): CellError {
  const near = didYouMean(name, known);
  const hint = near === "" && known.length > 0 ? ` It has ${known.slice(0, 10).join(", ")}.` : near;
  return new CellError("INVALID_ARGUMENT", `${path}: there is no property "${name}".${hint}`);
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof Uint8Array);
}

function isPairs(json: unknown): json is [unknown, unknown][] {
  return Array.isArray(json) && json.every((pair) => Array.isArray(pair) && pair.length === 2);
}
