import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { seededRandom } from "../lib/base/mod.ts";
import { type Method, randomValue, type Schema } from "../lib/schema/mod.ts";
import { connectService, type RemoteService } from "../lib/service/mod.ts";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/**
 * Every supported type, from this process through the binary and back: `examples/types.ts` has a method for each, most
 * of which return what they are given. The values are drawn from the schema that the service answers with.
 */
const VALUES_PER_METHOD = 40;
const STREAM_ITEMS = 25;
/** Printed with a failure; CELL_SEED=n draws the same values again. */
const SEED = Number(process.env["CELL_SEED"] ?? Date.now() % 2 ** 31);

let machine: Machine;
let types: RemoteService;
let schema: Schema;
let homeBefore: string | undefined;

beforeAll(async () => {
  machine = new Machine();
  const service = machine.start(["run", join(import.meta.dir, "../examples/types.ts")]);
  await service.serving();
  homeBefore = process.env["CELL_HOME"];
  process.env["CELL_HOME"] = machine.home;
  types = await connectService("types");
  schema = await types.schema();
});
afterAll(async () => {
  await types.close();
  if (homeBefore === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = homeBefore;
  await machine[Symbol.asyncDispose]();
});

function methodOf(name: string): Method {
  const method = schema.methods[name];
  if (method === undefined) throw new Error(`examples/types.ts has no method ${name}`);
  return method;
}

/** Methods that return their only argument as it is. */
function isIdentity(method: Method): boolean {
  const [param, ...others] = method.params;
  return others.length === 0 && param !== undefined && !param.stream && !param.rest && !param.optional &&
    !method.resultStream && isDeepStrictEqual(param.type, method.result);
}

test("the catalogue has at least 25 methods, most of which return what they are given", () => {
  expect(Object.keys(schema.methods).length).toBeGreaterThanOrEqual(25);
  expect(Object.values(schema.methods).filter(isIdentity).length).toBeGreaterThanOrEqual(25);
});

test("a value of every type comes back as it went", async () => {
  const random = seededRandom(SEED);
  for (const [name, method] of Object.entries(schema.methods)) {
    // What `mirror` returns is another point than the one that it got.
    if (!isIdentity(method) || name === "mirror") continue;
    for (let count = 0; count < VALUES_PER_METHOD; count++) {
      const value = randomValue(method.params[0]!.type, schema.types, random);
      const back = await types.call(name, [value]);
      if (!isDeepStrictEqual(back, value)) {
        throw new Error(`seed ${SEED}: ${name}(${Bun.inspect(value)}) came back as ${Bun.inspect(back)}`);
      }
    }
  }
});

test("optional, default and rest parameters are what the function sees", async () => {
  expect(await types.call("maybe", [])).toBeUndefined();
  expect(await types.call("maybe", ["here"])).toBe("here");
  expect(await types.call("sum", ["apples"])).toEqual({ unit: "apples", total: 0 });
  expect(await types.call("sum", ["apples", undefined, 1, 2, 3])).toEqual({ unit: "apples", total: 6 });
  expect(await types.call("sum", ["apples", 10, 1, 2, 3])).toEqual({ unit: "apples", total: 60 });
  expect(await types.call("forget", ["anything"])).toBeUndefined();
});

test("a class is its data, and a method of it is used on the other side", async () => {
  expect(await types.call("mirror", [{ x: 3, y: -4 }])).toEqual({ x: -3, y: 4 });
});

test("streams from the service arrive whole and in order", async () => {
  expect(await Array.fromAsync(types.stream("countdown", [5]))).toEqual([5, 4, 3, 2, 1]);
  expect(await Array.fromAsync(types.stream("letters", ["añ🦑"]))).toEqual(["a", "ñ", "🦑"]);
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
  const chunks = await Array.fromAsync(types.stream("chunks", [bytes, 64])) as Uint8Array[];
  expect(Buffer.concat(chunks)).toEqual(Buffer.from(bytes));
});

test("streams to the service and through it carry every kind of item", async () => {
  const random = seededRandom(SEED + 1);
  const draw = (name: string): unknown[] =>
    Array.from(
      { length: STREAM_ITEMS },
      () => randomValue(methodOf(name).params[0]!.type, schema.types, random),
    );
  const shapes = draw("gather");
  expect(isDeepStrictEqual(await types.call("gather", [streamOf(shapes)]), shapes), `seed ${SEED}`).toBe(true);
  const people = draw("echo");
  const echoed = await Array.fromAsync(types.stream("echo", [streamOf(people)]));
  expect(isDeepStrictEqual(echoed, people), `seed ${SEED}`).toBe(true);
});

async function* streamOf(items: unknown[]): AsyncGenerator<unknown> {
  yield* items;
}
