import type { Definitions, IntegerFormat, Type } from "./schema.ts";
import { definitions, object, ref, tuple, union } from "./type_builders.ts";
import { unionPlan } from "./union.ts";

/** Types inside one another. */
const DEPTH_MAX = 4;
/** How often the members of a union are drawn again until a receiver can tell them apart. */
const ATTEMPTS_MAX = 10;

const FORMATS: IntegerFormat[] = ["i8", "u8", "i16", "u16", "i32", "u32"];
const NAMES = [
  "a",
  "id",
  "name",
  "constructor",
  "toString",
  "length",
  "with space",
  "größe",
  "0",
  "x".repeat(40),
  "🦑",
  "",
];

/** A type and the named types that it refers to. */
export interface TypeWithDefinitions {
  type: Type;
  types: Definitions;
}

/** Draws types of every kind, recursive ones included, for tests. */
export class TypeGenerator {
  /** @param hasPlainKeys Whether all keys of maps are strings, as libraries in JavaScript want them. */
  constructor(private readonly random: () => number, private readonly hasPlainKeys = false) {}

  next(): TypeWithDefinitions {
    const names = ["A", "B", "C"].slice(0, this.below(4));
    const types = Object.fromEntries(names.map((name) => [name, this.named(names)]));
    return { type: this.type(names, 0, definitions(types)), types: definitions(types) };
  }

  /** Only optional properties lead to other names, so that every type has a finite value. */
  private named(names: string[]): Type {
    const properties: { [name: string]: Type } = { value: this.leaf() };
    for (const name of names) {
      if (this.chance(0.5)) properties[`${name}?`] = this.chance(0.5) ? ref(name) : { kind: "array", items: ref(name) };
    }
    return object(properties);
  }

  private type(names: string[], depth: number, types: Definitions): Type {
    const inner = (): Type => this.type(names, depth + 1, types);
    if (depth >= DEPTH_MAX || this.chance(0.35)) {
      return names.length > 0 && this.chance(0.3) ? ref(this.pick(names)) : this.leaf();
    }
    switch (this.below(6)) {
      case 0:
        return { kind: "array", items: inner(), ...this.bounds("minItems", "maxItems") };
      case 1:
        return this.chance(0.5)
          ? { kind: "set", items: this.key() }
          : { kind: "map", key: this.key(), value: inner(), ...this.chance(0.2) ? { maxItems: 5 } : {} };
      case 2: {
        const required = Array.from({ length: this.below(3) }, inner);
        const further = Array.from({ length: this.below(3) }, () => ({ optional: this.defined(inner()) }));
        return tuple([...required, ...further], this.chance(0.3) ? inner() : undefined);
      }
      case 3:
      case 4:
        return this.object(inner);
      default:
        return this.union(inner, types);
    }
  }

  private object(inner: () => Type): Type {
    const names = [...new Set(Array.from({ length: this.below(7) }, () => this.pick(NAMES)))];
    const isWide = this.chance(0.03);
    if (isWide) names.push(...Array.from({ length: 40 }, (_, index) => `wide${index}`));
    const properties = names.map((name) =>
      [this.chance(0.4) ? `${name}?` : name, isWide ? this.leaf() : this.defined(inner())] as const
    );
    return object(Object.fromEntries(properties), this.chance(0.2) ? this.defined(inner()) : undefined);
  }

  private union(inner: () => Type, types: Definitions): Type {
    if (this.chance(0.3)) {
      const kinds = ["one", "two", "three"].slice(0, 2 + this.below(2));
      const members = kinds.map((kind) =>
        object({
          ...(this.chance(0.5) ? { first: this.leaf() } : {}),
          kind: { kind: "literal", value: kind },
          "rest?": this.leaf(),
        })
      );
      return union(...members, ...(this.chance(0.5) ? [{ kind: "null" } as const] : []));
    }
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const members = Array.from(
        { length: 2 + this.below(3) },
        () => this.chance(0.5) ? this.member() : this.defined(inner()),
      );
      const candidate = union(...members.flatMap((member) => (member.kind === "union" ? member.members : [member])));
      try {
        const plan = unionPlan(candidate, types);
        // Both are nil on the wire, so one of them would come back as the other.
        if (!(plan.admitsNull && plan.admitsUndefined)) return candidate;
      } catch {
        continue;
      }
    }
    return union({ kind: "string" }, { kind: "null" });
  }

  /** A type that fits beside others in a union. */
  private member(): Type {
    return this.pick<() => Type>([
      () => ({ kind: "null" }),
      () => ({ kind: "literal", value: this.pick(["a", "b", "long literal".repeat(4), 1, -7, 1.5, true, false]) }),
      () => this.leaf(),
    ])();
  }

  /** What may be absent must not also be undefined. */
  private defined(type: Type): Type {
    if (type.kind === "undefined") return { kind: "null" };
    if (type.kind !== "union") return type;
    const members = type.members.filter((member) => member.kind !== "undefined");
    return members.length > 1 ? union(...members) : members[0] ?? { kind: "null" };
  }

  private key(): Type {
    if (this.hasPlainKeys || this.chance(0.5)) return { kind: "string" };
    return this.pick<Type>([
      { kind: "integer", format: "i32" },
      { kind: "number" },
      { kind: "bigint" },
      { kind: "boolean" },
      union({ kind: "literal", value: "x" }, { kind: "literal", value: "y" }, { kind: "integer", format: "u8" }),
    ]);
  }

  private leaf(): Type {
    return this.pick<() => Type>([
      () => ({ kind: "unknown" }),
      () => ({ kind: "null" }),
      () => ({ kind: "boolean" }),
      () => ({ kind: "number" }),
      () => ({ kind: "number", minimum: -10, ...(this.chance(0.5) ? { maximum: 1000 } : {}) }),
      () => ({ kind: "number", format: "f32" }),
      () => ({ kind: "integer", format: this.pick(FORMATS) }),
      () => ({ kind: "integer", format: this.pick(FORMATS), minimum: 3 }),
      () => ({ kind: "bigint" }),
      () => ({ kind: "bigint", format: this.pick(["i64", "u64"] as const) }),
      () => ({ kind: "bigint", minimum: "-5", maximum: "18446744073709551615" }),
      () => ({ kind: "string" }),
      () => ({ kind: "string", ...this.bounds("minLength", "maxLength") }),
      () => ({ kind: "string", pattern: this.pick(["^[a-z]{2,5}$", "^(?:ab)+c?$", "\\d"]) }),
      () => ({ kind: "bytes", ...this.bounds("minLength", "maxLength") }),
      () => ({ kind: "date" }),
      () => ({ kind: "literal", value: this.pick(["lit", "", "ü", 7, -1.25, true]) }),
      () => ({ kind: "bigintLiteral", value: this.pick(["0", "-9223372036854775808", "18446744073709551615"]) }),
    ])();
  }

  private bounds<L extends string, G extends string>(least: L, greatest: G): { [key in L | G]?: number } {
    if (this.chance(0.6)) return {};
    const low = this.below(3);
    return { [least]: low, [greatest]: low + this.below(4) } as { [key in L | G]?: number };
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

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
