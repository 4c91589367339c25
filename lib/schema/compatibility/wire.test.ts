import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { CellError, Writer } from "../../base/mod.ts";
import { type Codec, compileMethod } from "../codec/mod.ts";
import { seeded, TypeGenerator } from "../random_type.ts";
import { randomValue } from "../random_value.ts";
import type { Definitions, Method, Param, Property, Schema, Type } from "../schema.ts";
import { finishSchema } from "../fingerprint.ts";
import { compareMethods } from "./mod.ts";

/** There is much to try, on a machine that may be busy. */
setDefaultTimeout(120_000);

/** A failure names its seed; with CELL_SEED set, only that one runs. */
const SEEDS = process.env["CELL_SEED"] === undefined
  ? [1, 2, 3, Date.now() % 2 ** 31]
  : [Number(process.env["CELL_SEED"])];
const PAIRS_PER_SEED = 250;
const VALUES_PER_PAIR = 12;

/** Two versions of a service: the second is the first with some of its types changed. */
class VersionGenerator {
  private readonly types: TypeGenerator;

  constructor(private readonly random: () => number) {
    this.types = new TypeGenerator(random);
  }

  /** undefined if what was drawn is no service. */
  next(): [Schema, Schema] | undefined {
    const { type, types } = this.types.next();
    const params = this.params(type);
    const old = service(params, type, types);
    const changed = structuredClone({ params, result: type, types });
    const arguments_ = [
      ...changed.params.map((param) => param.type),
      ...Object.values(changed.types).map((d) => d.type),
    ];
    for (let count = this.below(3); count >= 0; count--) {
      const within = arguments_.flatMap(everyType);
      this.change(this.pick(within));
      this.change(this.pick(everyType(changed.result)));
    }
    this.changeParams(changed.params);
    const current = service(changed.params, changed.result, changed.types);
    return old === undefined || current === undefined ? undefined : [old, current];
  }

  private params(type: Type): Param[] {
    const further = this.leaf();
    const params: Param[] = [{ name: "first", type }];
    for (let count = this.below(3); count > 0; count--) {
      params.push({ name: "more", type: this.chance(0.6) ? further : this.leaf(), optional: true });
    }
    if (this.chance(0.3)) params.push({ name: "rest", type: further, rest: true });
    return params;
  }

  private changeParams(params: Param[]): void {
    const last = params.at(-1)!;
    switch (this.below(8)) {
      case 0:
        if (last.rest !== true) params.push({ name: "new", type: this.leaf(), optional: true });
        return;
      case 1:
        // What was optional may come as any number of values.
        params.splice(1, params.length, { name: "rest", type: last.type, rest: true });
        return;
      case 2:
        if (last.rest === true) delete last.rest;
        last.optional = true;
        return;
      case 3:
        delete last.optional;
        return;
      case 4:
        params.pop();
        return;
      default:
        return;
    }
  }

  /** Makes a type another one, mostly one that has to do with it. */
  private change(type: Type): void {
    if (this.chance(0.15)) return become(type, { kind: "union", members: [structuredClone(type), this.member()] });
    if (this.chance(0.1)) return become(type, this.leaf());
    switch (type.kind) {
      case "number":
      case "integer": {
        const format = this.pick(["u8", "i32", "f32", undefined] as const);
        const kind = format === undefined || format === "f32" ? "number" : "integer";
        const bounds = { minimum: this.pick([-5, 0, 0.7]), maximum: this.pick([7, 200, 1000.5]) };
        become(type, { kind, ...(format === undefined ? {} : { format }), ...this.some(bounds) } as Type);
        return;
      }
      case "string":
        return become(type, { kind: "string", ...this.some({ minLength: 1, maxLength: 3 + this.below(500) }) });
      case "literal":
        return become(type, { kind: typeof type.value } as Type);
      case "bigint":
      case "bigintLiteral":
        return become(type, { kind: "bigint", ...this.some({ minimum: "-5" }) });
      case "array":
      case "set":
        return become(type, this.sequence(type.items));
      case "tuple":
        return this.changeTuple(type);
      case "object":
        return this.changeObject(type);
      case "union":
        if (this.chance(0.5)) type.members.push(this.member());
        else type.members.splice(this.below(type.members.length), 1);
        return type.members.length === 1 ? become(type, type.members[0]!) : undefined;
      default:
        return this.chance(0.3) ? become(type, { kind: "unknown" }) : undefined;
    }
  }

  private sequence(items: Type): Type {
    const element = (): Type => structuredClone(items);
    return this.pick<() => Type>([
      () => ({ kind: "array", items, ...this.some({ minItems: 1, maxItems: 4 }) }),
      () => ({ kind: "tuple", items: [{ type: items }, { type: element(), optional: true }], rest: element() }),
      () => ({ kind: "tuple", items: [{ type: items, optional: true }, { type: element(), optional: true }] }),
    ])();
  }

  private changeTuple(type: Extract<Type, { kind: "tuple" }>): void {
    const first = type.items[0]?.type ?? this.leaf();
    switch (this.below(4)) {
      case 0:
        return become(type, { kind: "array", items: first });
      case 1:
        type.items.push({ type: this.leaf(), optional: true });
        return;
      case 2:
        type.items.pop();
        return;
      default:
        if (this.chance(0.5)) delete type.rest;
        else type.rest = first;
    }
  }

  private changeObject({ properties, ...type }: Extract<Type, { kind: "object" }>): void {
    const name = this.pick(["new", "toString", ...Object.keys(properties)]);
    switch (this.below(4)) {
      case 0:
        properties[name] = { type: this.leaf(), optional: true };
        return;
      case 1:
        delete properties[name];
        return;
      case 2: {
        const property: Property | undefined = Object.hasOwn(properties, name) ? properties[name] : undefined;
        if (property?.optional) delete property.optional;
        else if (property !== undefined) property.optional = true;
        return;
      }
      default:
        if (type.index !== undefined) become(type.index, this.leaf());
    }
  }

  private member(): Type {
    return this.pick<() => Type>([
      () => ({ kind: "null" }),
      () => ({ kind: "undefined" }),
      () => ({ kind: "literal", value: this.pick(["x", 1, true]) }),
      () => this.leaf(),
    ])();
  }

  private leaf(): Type {
    let { type } = this.types.next();
    while (everyType(type).some((part) => part.kind === "ref" || part.kind === "object")) {
      ({ type } = this.types.next());
    }
    return type;
  }

  private some<T extends object>(fields: T): Partial<T> {
    return Object.fromEntries(Object.entries(fields).filter(() => this.chance(0.5))) as Partial<T>;
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

/** A type and the types that are written in it. */
function everyType(type: Type): Type[] {
  const found: Type[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("kind" in value && typeof value.kind === "string") found.push(value as Type);
    Object.values(value).forEach(visit);
  };
  visit(type);
  return found;
}

function become(type: Type, other: Type): void {
  const copy = structuredClone(other);
  for (const key of Object.keys(type)) delete (type as unknown as { [key: string]: unknown })[key];
  Object.assign(type, copy);
}

function service(params: Param[], result: Type, types: Definitions): Schema | undefined {
  try {
    return finishSchema({ name: "random", methods: { f: { params, result } }, types });
  } catch (error) {
    if (error instanceof CellError) return undefined;
    throw error;
  }
}

function randomArguments({ params }: Method, types: Definitions, random: () => number): unknown[] {
  return params.flatMap((param) => {
    if (param.rest) {
      return Array.from({ length: Math.floor(random() * 3) }, () => randomValue(param.type, types, random));
    }
    return [param.optional && random() < 0.4 ? undefined : randomValue(param.type, types, random)];
  });
}

function read(receiver: Codec, bytes: Uint8Array): unknown {
  return receiver.decode(bytes, 0, bytes.length);
}

function written(sender: Codec, value: unknown): Uint8Array {
  const writer = new Writer(64);
  sender.encode(value, writer);
  return writer.written().slice();
}

describe("what is called compatible is read by the other side", () => {
  for (const seed of SEEDS) {
    test(`for random changes of random types (seed ${seed})`, () => {
      const random = seeded(seed);
      const generator = new VersionGenerator(random);
      let compared = 0;
      for (let count = 0; count < PAIRS_PER_SEED; count++) {
        const versions = generator.next();
        if (versions === undefined) continue;
        for (const [caller, server] of [versions, versions.toReversed()] as [Schema, Schema][]) {
          compared += checkPair(caller, server, random);
        }
      }
      expect(compared).toBeGreaterThan(PAIRS_PER_SEED / 4);
    });
  }
});

/** How many of the two directions are compatible. */
function checkPair(caller: Schema, server: Schema, random: () => number): number {
  const [sent, served] = [caller.methods["f"]!, server.methods["f"]!];
  const changes = compareMethods({ method: sent, types: caller.types }, { method: served, types: server.types });
  const [client, handler] = [compileMethod(caller, "f"), compileMethod(server, "f")];
  const isFit = (part: string): boolean =>
    changes.every(({ path, compatible }) => compatible || !path.startsWith(part));
  let fitting = 0;
  if (isFit("args")) {
    fitting++;
    eachValue(() => randomArguments(sent, caller.types, random), client.args, handler.args, caller, server);
  }
  if (isFit("result")) {
    fitting++;
    eachValue(() => randomValue(served.result, server.types, random), handler.result, client.result, server, caller);
  }
  return fitting;
}

function eachValue(draw: () => unknown, sender: Codec, receiver: Codec, from: Schema, to: Schema): void {
  for (let count = 0; count < VALUES_PER_PAIR; count++) {
    let value: unknown;
    try {
      value = draw();
    } catch (error) {
      // Bounds and pattern may leave nothing that the generator finds.
      if (error instanceof CellError) return;
      throw error;
    }
    const bytes = written(sender, value);
    try {
      // What arrives is a value of the receiver's type: it can be sent on.
      written(receiver, read(receiver, bytes));
    } catch (error) {
      const show = (schema: Schema): string => JSON.stringify({ f: schema.methods["f"], types: schema.types });
      throw new Error(`${(error as Error).message}\nsender ${show(from)}\nreceiver ${show(to)}\n${Bun.inspect(value)}`);
    }
  }
}
