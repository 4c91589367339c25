import { describe, setDefaultTimeout, test } from "bun:test";
import { isDeepStrictEqual } from "node:util";
import { decode as decodePlain, encode as encodePlain } from "@msgpack/msgpack";
import { CellError, Writer } from "../../base/mod.ts";
import { finishSchema } from "../fingerprint.ts";
import { seeded, TypeGenerator, type TypeWithDefinitions } from "../random_type.ts";
import { randomValue } from "../random_value.ts";
import { typeText } from "../type_text.ts";
import { type Codec, compileCodec } from "./mod.ts";

/** There is much to try, on a machine that may be busy. */
setDefaultTimeout(120_000);

/** A failure names its seed; with CELL_SEED set, only that one runs. */
const SEEDS = process.env["CELL_SEED"] === undefined
  ? [1, 2, 3, Date.now() % 2 ** 31]
  : [Number(process.env["CELL_SEED"])];
const TYPES_PER_SEED = 120;
const VALUES_PER_TYPE = 12;

function encoded(codec: Codec, value: unknown): Uint8Array {
  const writer = new Writer(8);
  // Something stands before the value, as a header does.
  writer.append(Uint8Array.of(0xc1, 0xc1));
  codec.encode(value, writer);
  return writer.written().slice();
}

function decoded(codec: Codec, bytes: Uint8Array): unknown {
  return codec.decode(bytes, 2, bytes.length);
}

function eachType(seed: number, hasPlainKeys: boolean, run: (type: TypeWithDefinitions, random: () => number) => void) {
  const random = seeded(seed);
  const generator = new TypeGenerator(random, hasPlainKeys);
  for (let count = 0; count < TYPES_PER_SEED; count++) {
    const type = generator.next();
    // The generator makes what a reader would make: documents that pass all checks.
    finishSchema({ name: "random", methods: { f: { params: [], result: type.type } }, types: type.types });
    run(type, random);
  }
}

function fail(seed: number, { type, types }: TypeWithDefinitions, value: unknown, found: unknown): never {
  const show = (shown: unknown): string => Bun.inspect(shown, { depth: 12 }).slice(0, 2000);
  throw new Error(
    `seed ${seed}, type ${JSON.stringify({ type, types }).slice(0, 4000)}: expected ${show(value)}, found ${
      show(found)
    }`,
  );
}

describe("values of random types", () => {
  for (const seed of SEEDS) {
    test(`come back as they went (seed ${seed})`, () => {
      eachType(seed, false, (type, random) => {
        const codec = compileCodec(type.type, type.types, "value");
        for (let count = 0; count < VALUES_PER_TYPE; count++) {
          const value = randomValue(type.type, type.types, random);
          const bytes = encoded(codec, value);
          const back = decoded(codec, bytes);
          if (!isDeepStrictEqual(back, value)) fail(seed, type, value, back);
          // A decoded value holds on to nothing of the message.
          bytes.fill(0xc1);
          if (!isDeepStrictEqual(back, value)) fail(seed, type, value, back);
        }
      });
    });

    test(`are read by @msgpack/msgpack, and read what it writes (seed ${seed})`, () => {
      eachType(seed, true, (type, random) => {
        const codec = compileCodec(type.type, type.types, "value");
        for (let count = 0; count < VALUES_PER_TYPE / 2; count++) {
          const value = randomValue(type.type, type.types, random);
          if (holds(value, isBeyondPlain)) continue;
          const expected = plain(value);
          const theirs = decodePlain(encoded(codec, value).subarray(2), { useBigInt64: true });
          if (!isDeepStrictEqual(withoutAbsent(theirs), withoutAbsent(expected))) fail(seed, type, expected, theirs);
          for (const useBigInt64 of [true, false]) {
            if (!useBigInt64 && holds(value, (part) => typeof part === "bigint")) continue;
            const bytes = encodePlain(expected, { useBigInt64, ignoreUndefined: true });
            const ours = codec.decode(bytes, 0, bytes.length);
            if (!isDeepStrictEqual(ours, value)) fail(seed, type, value, ours);
          }
        }
      });
    });

    test(`with a part of another type are refused with a place, or fit as well (seed ${seed})`, () => {
      eachType(seed, false, (type, random) => {
        const codec = compileCodec(type.type, type.types, "value");
        const value = randomValue(type.type, type.types, random);
        const broken = replacePart(value, random);
        try {
          decoded(codec, encoded(codec, broken));
        } catch (error) {
          if (!(error instanceof CellError) || !/^value[^:]*: ./.test(error.message)) {
            fail(seed, type, `a CellError with a path for ${typeText(type.type, type.types)}`, error);
          }
        }
      });
    });
  }
});

/** Whether a value or a part of it fulfils a condition. */
function holds(value: unknown, condition: (part: unknown) => boolean): boolean {
  if (condition(value)) return true;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  if (value instanceof Map) return [...value].flat().some((part) => holds(part, condition));
  return (value instanceof Set ? [...value] : Object.entries(value).flat()).some((part) => holds(part, condition));
}

/** What @msgpack/msgpack does not keep: it writes -0 as 0, drops byte order marks and reads maps as objects. */
function isBeyondPlain(value: unknown): boolean {
  return Object.is(value, -0) || (typeof value === "string" && value.startsWith("\ufeff")) ||
    (value instanceof Map && [...value.keys()].some((key) => typeof key !== "string"));
}

/** A value in the types of plain MessagePack. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Set) return [...value].map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]));
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

/** nil for undefined, as it is on the wire. */
function withoutAbsent(value: unknown): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withoutAbsent(entry)]));
}

const OTHERS = [null, true, "other", 1.5, -1, 2n ** 70n, {}, [], new Map(), () => 0, "\ud800", NaN, new Date(NaN), 300];

function replacePart(value: unknown, random: () => number): unknown {
  const other = OTHERS[Math.floor(random() * OTHERS.length)];
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || random() < 0.2) return other;
  if (Array.isArray(value)) {
    const at = Math.floor(random() * value.length);
    return value.map((item, index) => (index === at ? replacePart(item, random) : item));
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return other;
  const key = keys[Math.floor(random() * keys.length)]!;
  return { ...value, [key]: replacePart((value as { [key: string]: unknown })[key], random) };
}
