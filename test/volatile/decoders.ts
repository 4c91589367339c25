/** Everything that reads what a peer wrote, each with a message that it reads. */
import { CellError, seededRandom, Writer } from "../../lib/base/mod.ts";
import { CANARY } from "./arena.ts";
import { readError, writeError } from "../../lib/rpc/error_payload.ts";
import { compileCodec, type Definitions, randomValue, type Type, unknownCodec } from "../../lib/schema/mod.ts";
import { TypeGenerator } from "../../lib/schema/random_type.ts";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  definitions,
  integer,
  literal,
  map,
  number,
  object,
  record,
  ref,
  set,
  string,
  union,
  unknown,
} from "../../lib/schema/type_builders.ts";
import {
  beginFrame,
  Cursor,
  endFrame,
  Flag,
  type Frame,
  FrameReader,
  HEADER_BYTES,
  Kind,
  MetadataWriter,
  readGoaway,
  readMetadata,
  readUint,
  writeGoaway,
  writeUint,
} from "../../lib/wire/mod.ts";

export { CellError };

/** One way to read, and what it reads. */
export interface Decoder {
  readonly name: string;
  /** A message as an honest peer writes it. */
  readonly message: Uint8Array;
  decode(bytes: Uint8Array, start: number, end: number): unknown;
  /** Throws for a value that the message's type does not have. */
  check(value: unknown): void;
  /** Writes the message. */
  write(writer: Writer): void;
}

/** Types drawn at random, beside those that are written down here. */
const RANDOM_TYPES = 60;
/** Longer messages would only make a run longer. */
const MESSAGE_BYTES_MAX = 600;

const SHAPES: [name: string, type: Type, value: unknown][] = [
  ["a property beside others", object({ "a?": integer("u8") }, union(string, integer("u8"))), { c: "x" }],
  ["a tagged object", union(object({ k: literal("a"), x: string }), object({ k: literal("b") })), { k: "a", x: "ß" }],
  ["short text", string, "plain text"],
  ["short text beyond ASCII", string, "größer als ein Kästchen: 漢字"],
  ["long text", string, "a text that is longer than what is looked at byte by byte, ".repeat(6)],
  ["long text beyond ASCII", string, "漢字かな交じり文 und ein paar Umlaute: äöü ".repeat(8)],
  ["texts", array(string), ["", "a", "ß", "🦑🦑", "tags", "words"]],
  ["binary data", object({ data: bytes, after: string }), { data: new Uint8Array(90).fill(7), after: "end" }],
  ["numbers", array(number), Array.from({ length: 70 }, (_, index) => index * 1.5 - 20)],
  ["integers", array(integer("i32")), [1, -1, 200, 70_000, -70_000, -40_000]],
  ["bigints", array(bigint), [1n, -1n, 2n ** 63n, -(2n ** 62n)]],
  ["dates", array(date), [new Date(0), new Date(1_700_000_000_123), new Date(-5), new Date(2 ** 40 * 1000)]],
  ["dictionary", record(number), { one: 1, two: 2.5, three: 300 }],
  ["map", map(string, boolean), new Map([["yes", true], ["no", false]])],
  ["set", set(string), new Set(["a", "b", "c"])],
  [
    "properties beside others",
    array(object({ "a?": integer("u8"), "b?": bytes }, union(string, bytes, integer("u8")))),
    [{ a: 7, b: new Uint8Array(2), c: "x", d: "y" }, { c: "x", d: "y" }, { c: "x", e: new Uint8Array(1) }],
  ],
  [
    "tagged union",
    array(union(
      object({ kind: literal("circle"), radius: number }),
      object({ kind: literal("square"), side: integer("u16"), "label?": string }),
    )),
    [{ kind: "circle", radius: 1.5 }, { kind: "square", side: 300, label: "a square" }],
  ],
  ["literals", array(union(literal("red"), literal("green"), literal(7), { kind: "null" })), ["red", 7, null, "green"]],
  ["anything", unknown, { list: [1, "two", 3.5, null, true], map: { deep: { deeper: [new Uint8Array(3)] } } }],
];

/** All of them; which random ones is decided by the seed. */
export function makeDecoders(seed: number): Decoder[] {
  const decoders = SHAPES.map(([name, type, value]) => codecDecoder(name, type, {}, value));
  decoders.push(codecDecoder("tree", ref("Node"), NODE, { value: 1, children: [{ value: 2, children: [] }] }));
  const random = seededRandom(seed);
  const generator = new TypeGenerator(random);
  while (decoders.length < SHAPES.length + RANDOM_TYPES) {
    const { type, types } = generator.next();
    const decoder = codecDecoder(`random type ${decoders.length}`, type, types, randomValue(type, types, random));
    // Binary data and numbers are of any bytes: what has the canary cannot be told from what lies around it.
    if (decoder.message.length <= MESSAGE_BYTES_MAX && !decoder.message.includes(CANARY)) decoders.push(decoder);
  }
  decoders.push(...protocolDecoders());
  const confusing = decoders.filter(({ message }) => message.includes(CANARY)).map(({ name }) => name);
  if (confusing.length > 0) throw new Error(`the canary is in the messages of ${confusing.join(", ")}`);
  return decoders;
}

const NODE: Definitions = definitions({ Node: object({ value: number, children: array(ref("Node")) }) });

function codecDecoder(name: string, type: Type, types: Definitions, value: unknown): Decoder {
  const codec = compileCodec(type, types, "value");
  const checked = new Writer();
  return {
    name,
    ...written((writer) => codec.encode(value, writer)),
    decode: (bytes, start, end) => codec.decode(bytes, start, end),
    check(value) {
      checked.reset();
      codec.encode(value, checked);
    },
  };
}

/** What is read without a schema. */
function protocolDecoders(): Decoder[] {
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const error = new CellError("ABORTED", "größer als erlaubt", { data: { list: [1, 2], text: "why" } });
  const check = (): void => {};
  return [
    {
      name: "metadata",
      ...written((writer) => new MetadataWriter("front").write(writer, 30_000, trace)),
      decode(bytes, start, end) {
        const metadata = { deadlineMs: undefined, trace: undefined, service: "front" };
        readMetadata(bytes, start, end, metadata);
        return metadata;
      },
      check(value) {
        const { trace = "", service = "" } = value as { trace?: string; service?: string };
        if (!/^[\x20-\x7e]*$/.test(trace + service)) throw new Error("text that is not printable came through");
      },
    },
    {
      name: "goaway",
      ...written((writer) => writeGoaway(writer, 1, "draining", "größer als erlaubt: ".repeat(5))),
      decode: (bytes, start, end) => readGoaway({ ...NO_FRAME, bytes, start: start + HEADER_BYTES, end }),
      check,
    },
    {
      name: "error",
      ...written((writer) => writeError(writer, error)),
      decode: (bytes, start, end) => readError(bytes, start, end).message,
      check,
    },
    {
      name: "credit",
      ...written((writer) => writeUint(writer, 70_000)),
      decode: (bytes, start, end) => readUint(new Cursor(bytes, start, end)),
      check,
    },
    { name: "frames", ...written(writeFrames), decode: readFrames, check },
  ];
}

const NO_FRAME: Frame = {
  kind: 0,
  flags: 0,
  method: 0,
  callId: 0,
  low: 0,
  high: 0,
  bytes: new Uint8Array(0),
  start: 0,
  end: 0,
};
const ANYTHING = unknownCodec("payload");

function writeFrames(writer: Writer): void {
  for (const text of ["one", "a longer payload, so that a frame lies in two pieces", ""]) {
    const start = beginFrame(writer, Kind.item, Flag.last, 1, 2, 3, 4);
    ANYTHING.encode(text, writer);
    endFrame(writer, start);
  }
}

/** Gives a reader three pieces, as records of a ring: they are only lent. */
function readFrames(bytes: Uint8Array, start: number, end: number): number {
  let taken = 0;
  let refusal: CellError | undefined;
  const reader = new FrameReader(
    {
      onFrame(frame) {
        taken += HEADER_BYTES + frame.end - frame.start;
        if (frame.end > frame.bytes.length) throw new Error("a frame ends beyond its bytes");
        ANYTHING.decode(frame.bytes, frame.start, frame.end);
      },
      onOversized() {},
      onViolation: (error) => refusal = error,
    },
    10_000,
    "lent",
  );
  const cuts = [start, start + 50, start + 70, end];
  for (let index = 1; index < cuts.length; index++) reader.push(bytes, cuts[index - 1]!, cuts[index]!);
  if (taken > end - start) throw new Error(`frames of ${taken} bytes came out of ${end - start}`);
  if (refusal !== undefined) throw refusal;
  return taken;
}

function written(write: (writer: Writer) => void): Pick<Decoder, "message" | "write"> {
  const writer = new Writer();
  write(writer);
  return { message: writer.written().slice(), write };
}
