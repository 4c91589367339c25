import { expect, test } from "bun:test";
import { CellError, Writer } from "../../base/mod.ts";
import { seeded, TypeGenerator } from "../random_type.ts";
import { randomValue } from "../random_value.ts";
import type { Type } from "../schema.ts";
import { array, definitions, map, object, record, ref, set, string, unknown } from "../type_builders.ts";
import { type Codec, compileCodec, unknownCodec } from "./mod.ts";

/** A failure names its seed; with CELL_SEED set, only that one runs. */
const SEEDS = process.env["CELL_SEED"] === undefined ? [1, Date.now() % 2 ** 31] : [Number(process.env["CELL_SEED"])];
const SOAKS = process.env["CELL_SOAK"] !== undefined;
const FRAMES_PER_SEED = SOAKS ? 2_000_000 : 12_000;
/**
 * No frame here has more than some hundred bytes. One that takes as long as this would never have come to an end; what keeps
 * a machine from running for a while does not last as long.
 */
const FRAME_MS_MAX = 20_000;

/** Decodes, and accepts nothing but a value or a CellError that says where. */
function decodeSafely(codec: Codec, bytes: Uint8Array): "value" | "refused" {
  try {
    codec.decode(bytes, 0, bytes.length);
    return "value";
  } catch (error) {
    if (!(error instanceof CellError) || error.code !== "INVALID_ARGUMENT") throw error;
    // The code that finds out that something is wrong and the code that says what must agree.
    if (error.message.includes("changed while it was being read")) throw new Error("two decoders disagree");
    return "refused";
  }
}

/** The same between other messages: what lies around a message must not change what it is. */
function decodeAmongOthers(codec: Codec, bytes: Uint8Array, other: Uint8Array): "value" | "refused" {
  const buffer = Uint8Array.from([...other, ...bytes, ...other]);
  try {
    codec.decode(buffer, other.length, other.length + bytes.length);
    return "value";
  } catch (error) {
    if (!(error instanceof CellError) || error.message.includes("changed while")) throw error;
    return "refused";
  }
}

const INTERESTING = [
  0x00,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc1,
  0xc4,
  0xc6,
  0xc7,
  0xc9,
  0xca,
  0xcb,
  0xcf,
];
const LEADS_32 = [0xc6, 0xc9, 0xdb, 0xdd, 0xdf];

function mutated(frame: Uint8Array, random: () => number): Uint8Array {
  const below = (count: number): number => Math.floor(random() * count);
  const copy = [...frame];
  for (let edits = 1 + below(4); edits > 0; edits--) {
    const at = below(copy.length + 1);
    switch (below(7)) {
      case 0:
        copy[at] = below(256);
        break;
      case 1:
        copy[at] = INTERESTING[below(INTERESTING.length)]!;
        break;
      case 2:
        copy.length = at;
        break;
      case 3:
        copy.splice(at, 0, below(256));
        break;
      case 4:
        copy.splice(at, below(4));
        break;
      case 5:
        // A claim of up to four billion elements or bytes.
        copy.splice(at, 1, LEADS_32[below(LEADS_32.length)]!, below(256), below(256), below(256), below(256));
        break;
      default:
        // A part twice, such as a key.
        copy.splice(at, 0, ...copy.slice(at, at + below(12)));
    }
  }
  return Uint8Array.from(copy, (byte) => byte ?? 0);
}

for (const seed of SEEDS) {
  test(`mutated, truncated and random frames give a value or a clear error (seed ${seed})`, () => {
    const random = seeded(seed);
    const generator = new TypeGenerator(random);
    const outcomes = { value: 0, refused: 0 };
    let slowestMs = 0;
    for (let frames = 0; frames < FRAMES_PER_SEED;) {
      const { type, types } = generator.next();
      const codec = compileCodec(type, types, "value");
      const writer = new Writer();
      codec.encode(randomValue(type, types, random), writer);
      if (writer.length > 4000) continue;
      const valid = writer.written().slice();
      for (let count = 0; count < 100; count++, frames++) {
        const frame = random() < 0.9
          ? mutated(valid, random)
          : Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256));
        const started = performance.now();
        const outcome = decodeSafely(codec, frame);
        outcomes[outcome]++;
        outcomes[decodeSafely(ANYTHING, frame)]++;
        expect(decodeAmongOthers(codec, frame, valid)).toBe(outcome);
        slowestMs = Math.max(slowestMs, performance.now() - started);
      }
    }
    expect(outcomes.refused).toBeGreaterThan(FRAMES_PER_SEED / 2);
    expect(outcomes.value).toBeGreaterThan(FRAMES_PER_SEED / 20);
    expect(slowestMs).toBeLessThan(FRAME_MS_MAX);
  }, SOAKS ? 3_600_000 : 60_000);
}

const ANYTHING = unknownCodec("value");

const NODE = definitions({ Node: object({ "a?": ref("Node"), "b?": array(ref("Node")) }) });
const CODECS: [name: string, codec: Codec][] = [
  ["unknown", ANYTHING],
  ["string", compileCodec(string, {}, "value")],
  ["bytes", compileCodec({ kind: "bytes" }, {}, "value")],
  ...(([
    ["array", array(unknown)],
    ["numbers", array({ kind: "number" })],
    ["set", set(string)],
    ["map", map(string, unknown)],
    ["record", record(unknown)],
    ["object", object({ a: string, b: unknown })],
    ["tuple", { kind: "tuple", items: [], rest: unknown }],
  ] as [string, Type][]).map(([name, type]): [string, Codec] => [name, compileCodec(type, {}, "value")])),
  ["recursive", compileCodec(ref("Node"), NODE, "value")],
];

for (const [name, codec] of CODECS) {
  test(`${name}: claims of more than is there are refused before memory is spent`, () => {
    const claims = LEADS_32.flatMap((
      lead,
    ) => [[lead, 255, 255, 255, 255], [lead, 0, 255, 255, 255], [lead, 127, 255, 255, 255]]);
    const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 50; count++) {
      for (const claim of claims) {
        expect(decodeSafely(codec, Uint8Array.from(claim))).toBe("refused");
        expect(decodeSafely(codec, Uint8Array.from([...claim, ...claim, 0xc0, 0xc0]))).toBe("refused");
        expect(decodeSafely(codec, Uint8Array.from([0x81, 0xa1, 0x61, ...claim]))).toBe("refused");
      }
    }
    const after = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    expect(after - before).toBeLessThan(64 * 1024 * 1024);
  });
}

test("errors tell nothing of the bytes behind a message", () => {
  const refusal = (codec: Codec, message: number[], behind: number): string => {
    try {
      codec.decode(Uint8Array.from([...message, ...new Array<number>(20).fill(behind)]), 0, message.length);
      return "a value";
    } catch (error) {
      return (error as CellError).message;
    }
  };
  for (const [name, codec] of CODECS) {
    for (let lead = 0; lead < 256; lead++) {
      for (const message of [[lead], [0x91, lead], [0x81, 0xa1, 0x61, lead], [0x81, lead], [lead, 0], [lead, 0, 0]]) {
        const [first, ...others] = [0x00, 0x31, 0xc3, 0xff].map((behind) => refusal(codec, message, behind));
        for (const other of others) expect([name, message, other]).toEqual([name, message, first!]);
      }
    }
  }
});

test("nesting is bounded, whether it is read or passed over", () => {
  const deep = (lead: number[], depth: number): Uint8Array =>
    Uint8Array.from([...Array.from({ length: depth }, () => lead).flat(), 0xc0]);
  const recursive = compileCodec(ref("Node"), NODE, "value");
  expect(decodeSafely(ANYTHING, deep([0x91], 120))).toBe("value");
  for (const depth of [200, 100_000, 1_000_000]) {
    expect(decodeSafely(ANYTHING, deep([0x91], depth))).toBe("refused");
    expect(decodeSafely(ANYTHING, deep([0x81, 0xa1, 0x61], depth))).toBe("refused");
    expect(decodeSafely(recursive, deep([0x81, 0xa1, 0x61], depth))).toBe("refused");
    // A key that the type does not know: what it holds takes no stack.
    expect(decodeSafely(recursive, deep([0x81, 0xa1, 0x7a], 1))).toBe("value");
    expect(decodeSafely(recursive, Uint8Array.from([0x81, 0xa1, 0x7a, ...deep([0x91], depth)]))).toBe("value");
  }
});

test("a message of empty objects is refused before it takes a hundred times its size", () => {
  const count = 2 ** 22;
  const frame = new Uint8Array(5 + count).fill(0x80);
  frame.set([0xdd, count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255]);
  for (
    const [type, codec] of [["objects", compileCodec(array(object({ "a?": string })), {}, "value")], [
      "unknown",
      ANYTHING,
    ]] as const
  ) {
    expect([type, decodeSafely(codec, frame)]).toEqual([type, "refused"]);
  }
  expect(() => compileCodec(array(object({ "a?": string })), {}, "value").decode(frame, 0, frame.length)).toThrow(
    "at most 2097152 elements in one message",
  );
  // Numbers need no objects: as many of them as fit a message are fine.
  const numbers = compileCodec(array({ kind: "number" }), {}, "value");
  frame.fill(0x07, 5);
  expect((numbers.decode(frame, 0, frame.length) as number[]).length).toBe(count);
});
