import { CellError } from "../base/mod.ts";
import { BIGINT_RANGES, INTEGER_RANGES } from "./check.ts";
import { samplePattern } from "./pattern/mod.ts";
import { partsOf, resolve, type ResolvedType, unionMembers } from "./resolve.ts";
import type { Definitions, Type } from "./schema.ts";

/** From this depth on every choice is the one that ends soonest. */
const DEPTH_MAX = 4;
/** Elements beyond the least number that a type asks for. */
const FURTHER_ELEMENTS_MAX = 3;
/** How often a key is drawn again when a dictionary has it already. */
const KEY_ATTEMPTS_MAX = 20;

const TEXTS = [
  "",
  "a",
  "Hello",
  " ",
  "0",
  "ß",
  "日本語",
  "🦑",
  "é\u0301",
  "\u0000",
  "\u{10ffff}",
  "\ufffd",
  "\ufeff",
  '"\\\n',
];
const NUMBERS = [
  ...[0, -0, 1, -1, 0.5, -1.5, 127, 128, 255, 256, 65_535, 65_536, -32, -33, -128, -129, -32_768, -32_769],
  ...[
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 53,
    1e21,
  ],
  ...[Math.PI, 1e-7, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, -Infinity, NaN],
];
const DATES = [
  0,
  1,
  -1,
  999,
  1000,
  1_700_000_000_123,
  2 ** 32 * 1000,
  2 ** 34 * 1000 - 1,
  2 ** 34 * 1000,
  8.64e15,
  -8.64e15,
];
const LONG_TEXT_LENGTHS = [31, 32, 255, 256, 1000];

/**
 * A value of a type, drawn by `random`, which gives numbers from 0 to below 1. Values at the edges of what the type and
 * the wire allow come often. Throws INVALID_ARGUMENT for a type that has no finite value, or none that could be found.
 */
export function randomValue(type: Type, definitions: Definitions, random: () => number): unknown {
  return new ValueGenerator(definitions, random).value(type, 0);
}

class ValueGenerator {
  /** How many types lie inside one another in the smallest value of each type; Infinity where there is none. */
  private readonly heights = new Map<ResolvedType, number>();

  constructor(private readonly definitions: Definitions, private readonly random: () => number) {}

  value(written: Type, depth: number): unknown {
    const type = resolve(written, this.definitions);
    switch (type.kind) {
      case "unknown":
        return this.anything(depth);
      case "null":
        return null;
      case "undefined":
        return undefined;
      case "boolean":
        return this.chance(0.5);
      case "number":
        return this.number(type);
      case "integer": {
        const [least, greatest] = INTEGER_RANGES[type.format];
        return this.integer(Math.max(least, type.minimum ?? least), Math.min(greatest, type.maximum ?? greatest));
      }
      case "bigint": {
        const [least, greatest] = BIGINT_RANGES[type.format ?? "any"];
        const minimum = type.minimum === undefined || BigInt(type.minimum) < least ? least : BigInt(type.minimum);
        const maximum = type.maximum === undefined || BigInt(type.maximum) > greatest ? greatest : BigInt(type.maximum);
        return this.bigint(minimum, maximum);
      }
      case "string":
        return this.text(type);
      case "bytes": {
        const length = this.count(type.minLength, type.maxLength);
        return Uint8Array.from({ length }, () => this.below(256));
      }
      case "date":
        return new Date(this.chance(0.5) ? this.pick(DATES) : Math.floor(this.random() * 2e12));
      case "literal":
        return type.value;
      case "bigintLiteral":
        return BigInt(type.value);
      default:
        return this.composite(type, depth);
    }
  }

  private composite(type: ResolvedType, depth: number): unknown {
    if (this.height(type) === Infinity) {
      throw new CellError("INVALID_ARGUMENT", "the type has no value of finite size: something in it requires itself");
    }
    switch (type.kind) {
      case "array":
        return Array.from({ length: this.elements(type, depth) }, () => this.value(type.items, depth + 1));
      case "set":
        return new Set(this.distinct(type.items, this.elements(type, depth), depth));
      case "map": {
        const keys = this.distinct(type.key, this.elements(type, depth), depth);
        return new Map(keys.map((key) => [key, this.value(type.value, depth + 1)]));
      }
      case "tuple":
        return this.tuple(type, depth);
      case "object":
        return this.object(type, depth);
      default: {
        const members = unionMembers(type, this.definitions);
        const lowest = Math.min(...members.map((member) => this.height(member)));
        const possible = members.filter((member) => {
          const height = this.height(member);
          return depth < DEPTH_MAX ? height < Infinity : height === lowest;
        });
        return this.value(this.pick(possible), depth);
      }
    }
  }

  private tuple(type: Extract<ResolvedType, { kind: "tuple" }>, depth: number): unknown[] {
    const items: unknown[] = [];
    for (const item of type.items) {
      if (item.optional && !this.takes(item.type, depth)) return items;
      items.push(this.value(item.type, depth + 1));
    }
    if (type.rest !== undefined && this.takes(type.rest, depth)) {
      const length = this.below(FURTHER_ELEMENTS_MAX + 1);
      for (let index = 0; index < length; index++) items.push(this.value(type.rest, depth + 1));
    }
    return items;
  }

  private object(type: Extract<ResolvedType, { kind: "object" }>, depth: number): unknown {
    const object: { [name: string]: unknown } = {};
    for (const [name, property] of Object.entries(type.properties)) {
      if (property.optional && !this.takes(property.type, depth)) continue;
      const value = this.value(property.type, depth + 1);
      if (value !== undefined) object[name] = value;
    }
    if (type.index !== undefined && this.takes(type.index, depth)) {
      const count = this.below(FURTHER_ELEMENTS_MAX + 1);
      for (let index = 0; index < count; index++) {
        const name = this.text({});
        const value = this.value(type.index, depth + 1);
        if (name !== "__proto__" && !Object.hasOwn(type.properties, name) && value !== undefined) object[name] = value;
      }
    }
    return object;
  }

  /** Whether something that may be absent is there. */
  private takes(type: Type, depth: number): boolean {
    if (this.height(resolve(type, this.definitions)) === Infinity) return false;
    return depth < DEPTH_MAX && this.chance(0.6);
  }

  private elements(type: { items?: Type; minItems?: number; maxItems?: number }, depth: number): number {
    const isEndless = type.items !== undefined && this.height(resolve(type.items, this.definitions)) === Infinity;
    if (depth >= DEPTH_MAX || isEndless) return type.minItems ?? 0;
    return this.count(type.minItems, type.maxItems);
  }

  private distinct(type: Type, count: number, depth: number): unknown[] {
    const values = new Set<unknown>();
    for (let attempt = 0; values.size < count && attempt < count * KEY_ATTEMPTS_MAX; attempt++) {
      values.add(this.value(type, depth + 1));
    }
    return [...values];
  }

  private count(least = 0, greatest = Infinity): number {
    return least + this.below(Math.min(FURTHER_ELEMENTS_MAX, greatest - least) + 1);
  }

  private number(type: Extract<ResolvedType, { kind: "number" }>): number {
    const least = type.minimum ?? -Infinity;
    const greatest = type.maximum ?? Infinity;
    const fit = (value: number): number => (type.format === "f32" ? Math.fround(value) : value);
    const isFit = (value: number): boolean => {
      if (type.format === "f32" && Number.isFinite(value) && !Number.isFinite(fit(value))) return false;
      return (type.minimum === undefined && type.maximum === undefined) || (value >= least && value <= greatest);
    };
    const edges = [...NUMBERS, least, greatest].filter((value) => isFit(value) && isFit(fit(value))).map(fit);
    if (edges.length > 0 && this.chance(0.4)) return this.pick(edges);
    const [low, high] = [Math.max(least, Math.min(-1e6, greatest)), Math.min(greatest, Math.max(1e6, least))];
    const drawn = low + this.random() * (high - low);
    const value = fit(this.chance(0.5) && Math.floor(drawn) >= least ? Math.floor(drawn) : drawn);
    return isFit(value) ? value : least;
  }

  private integer(least: number, greatest: number): number {
    const [low, high] = [Math.ceil(least), Math.floor(greatest)];
    if (low > high) throw new CellError("INVALID_ARGUMENT", `there is no integer from ${least} to ${greatest}`);
    const edges = [...NUMBERS, low, high].filter((value) => Number.isInteger(value) && value >= low && value <= high);
    // -0 is an integer, but it does not come back as one.
    if (this.chance(0.5)) return this.pick(edges) + 0;
    return low + Math.floor(this.random() * (high - low + 1));
  }

  private bigint(least: bigint, greatest: bigint): bigint {
    const near = [least, greatest, 0n, 1n, -1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n, 2n ** 63n - 1n, 255n, 256n];
    const edges = near.filter((value) => value >= least && value <= greatest);
    if (this.chance(0.5)) return this.pick(edges);
    const span = greatest - least + 1n;
    return least + (BigInt(Math.floor(this.random() * 2 ** 32)) * span) / 2n ** 32n;
  }

  private text({ minLength = 0, maxLength = Infinity, pattern }: {
    minLength?: number;
    maxLength?: number;
    pattern?: string;
  }): string {
    if (pattern !== undefined) {
      const text = samplePattern(pattern, this.random, minLength, maxLength);
      if (text !== undefined) return text;
      throw new CellError(
        "INVALID_ARGUMENT",
        `found no string of ${minLength} to ${maxLength} that matches /${pattern}/`,
      );
    }
    let text = this.chance(0.6) ? this.pick(TEXTS) : `value ${this.below(1000)}`;
    if (this.chance(0.05)) text = (text === "" ? "x" : text).repeat(this.pick(LONG_TEXT_LENGTHS)).slice(0, 2000);
    if (text.length > maxLength) text = "x".repeat(minLength + this.below(maxLength - minLength + 1));
    return text.isWellFormed() ? text.padEnd(minLength, "x") : "x".repeat(minLength);
  }

  /** A value that comes back from the wire as it is although no type says what it is. */
  private anything(depth: number): unknown {
    const leaves = [
      () => null,
      () => this.chance(0.5),
      () => this.pick(NUMBERS),
      () => this.text({}),
      () => 2n ** 60n + BigInt(this.below(1000)),
      () => new Date(this.pick(DATES)),
      () => Uint8Array.of(this.below(256)),
    ];
    const containers = [
      () => Array.from({ length: this.below(4) }, () => this.anything(depth + 1)),
      () =>
        Object.fromEntries(
          Array.from({ length: this.below(4) }, (_, index) => [`k${index}`, this.anything(depth + 1)]),
        ),
      () => new Map([[this.below(10), this.anything(depth + 1)]]),
    ];
    return this.pick(depth < DEPTH_MAX ? [...leaves, ...containers] : leaves)();
  }

  /** Found by going around until nothing changes: what needs only what is known to end ends too. */
  private height(type: ResolvedType): number {
    const known = this.heights.get(type);
    if (known !== undefined) return known;
    const reachable = new Set([type]);
    for (const reached of reachable) {
      for (const part of partsOf(reached)) reachable.add(resolve(part, this.definitions));
    }
    const heights = new Map<ResolvedType, number>([...reachable].map((reached) => [reached, Infinity]));
    const heightOf = (part: Type): number => heights.get(resolve(part, this.definitions))!;
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (const reached of reachable) {
        const height = heightFrom(reached, heightOf);
        if (height >= heights.get(reached)!) continue;
        heights.set(reached, height);
        isChanged = true;
      }
    }
    for (const [reached, height] of heights) this.heights.set(reached, height);
    return heights.get(type)!;
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

function heightFrom(type: ResolvedType, heightOf: (part: Type) => number): number {
  const above = (parts: Type[]): number => 1 + Math.max(0, ...parts.map(heightOf));
  switch (type.kind) {
    case "array":
    case "set":
      return above((type.minItems ?? 0) > 0 ? [type.items] : []);
    case "map":
      return above((type.minItems ?? 0) > 0 ? [type.key, type.value] : []);
    case "tuple":
      return above(type.items.filter((item) => !item.optional).map((item) => item.type));
    case "object":
      return above(Object.values(type.properties).filter((property) => !property.optional).map(({ type }) => type));
    case "union":
      return Math.min(...type.members.map(heightOf));
    default:
      return 0;
  }
}
