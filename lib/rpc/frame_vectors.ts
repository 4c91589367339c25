import { CellError, Writer } from "../base/mod.ts";
import { finishSchema, type Method, type Schema, unknownCodec } from "../schema/mod.ts";
import {
  beginFrame,
  endFrame,
  Flag,
  type Gene,
  geneOf,
  Kind,
  MetadataWriter,
  writeGoaway,
  writeUint,
} from "../wire/mod.ts";
import { writeError } from "./error_payload.ts";
import { type Hello, PROTOCOL_VERSION, Reflection } from "./reflection.ts";
import { UPGRADE_SECRET, UPGRADE_VECTORS } from "./upgrade_vectors.ts";

/** One golden frame: the bytes, and what a reader must find in them. */
export interface FrameVector {
  name: string;
  from: "client" | "server";
  /** All bytes of the frame. */
  hex: string;
  kind: string;
  flags: string[];
  method: number;
  callId: number;
  /** Bytes 12 to 19 of the header. */
  last8: string;
  /** In a request with metadata. */
  metadata?: unknown;
  /** The decoded payload, behind the metadata; absent when the payload is empty. In JSON, bytes are `{"$bytes": hex}`. */
  payload?: unknown;
}

/** Bytes that are no frame, or one that is too long. */
export interface RefusedVector {
  name: string;
  hex: string;
  /** Whether the connection is closed, or only the call ends. With a reader's limit of 1,000 bytes. */
  outcome: "violation" | "oversized";
}

/** The service that the vectors talk about. */
const METHODS: { [name: string]: Omit<Method, "gene"> } = {
  add: {
    doc: "Adds two numbers.",
    params: [{ name: "a", type: { kind: "number" } }, { name: "b", type: { kind: "number" } }],
    result: { kind: "number" },
  },
  count: {
    params: [{ name: "to", type: { kind: "integer", format: "u32" } }],
    result: { kind: "integer", format: "u32" },
    resultStream: true,
  },
  join: {
    params: [{ name: "parts", type: { kind: "string" }, stream: true }],
    result: { kind: "string" },
  },
};

const GENE = "0123456789abcdef";
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NO_GENE: Gene = { low: 0, high: 0 };
const LOAD: Gene = { low: 3, high: 250 };

/** The text of `docs/vectors/frames.json`: frames of every kind, and bytes that a reader refuses. */
export function framesDocument(): string {
  const schema = finishSchema({ name: "demo", methods: METHODS, types: {} });
  const document = {
    protocol: PROTOCOL_VERSION,
    upgradeSecret: UPGRADE_SECRET,
    frames: frames(schema),
    refused: refused(),
  };
  return `${JSON.stringify(document, bytesAsJson, 2)}\n`;
}

function bytesAsJson(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { $bytes: value.toHex() } : value;
}

function frames(schema: Schema): FrameVector[] {
  const hello: Hello = {
    protocol: PROTOCOL_VERSION,
    service: "demo",
    instance: "demo-1",
    species: schema.species,
    pid: 4242,
    uid: 1000,
    startedAt: 1_767_225_600_000,
    messageBytesMax: 16_777_216,
    connectionCallsMax: 1024,
  };
  const add = schema.methods["add"]!;
  return [
    client("hello: the first request of a connection", Kind.request, {
      method: Reflection.hello,
      callId: 1,
      value: [],
    }),
    server("hello: the answer", Kind.response, { method: Reflection.hello, callId: 1, last8: LOAD, value: hello }),
    client("schema: asked for together with hello", Kind.request, { method: Reflection.schema, callId: 2, value: [] }),
    server("schema: the answer", Kind.response, { method: Reflection.schema, callId: 2, last8: LOAD, value: schema }),
    client("negotiate: does this signature fit?", Kind.request, {
      method: Reflection.negotiate,
      callId: 3,
      value: [{ name: "add", method: add, types: {} }],
    }),
    server("negotiate: it does", Kind.response, {
      method: Reflection.negotiate,
      callId: 3,
      last8: LOAD,
      value: { method: 0 },
    }),
    client("a call without metadata", Kind.request, { method: 0, callId: 4, last8: geneOf(add.gene), value: [1, 2] }),
    server("its result", Kind.response, { method: 0, callId: 4, last8: LOAD, value: 3 }),
    client("a call with a deadline", Kind.request, {
      method: 0,
      callId: 5,
      last8: geneOf(GENE),
      metadata: { deadline: 30_000 },
      value: [1, 2],
    }),
    client("a call with all metadata", Kind.request, {
      method: 2,
      callId: 6,
      last8: geneOf(GENE),
      metadata: { deadline: 1500, service: "shop", trace: TRACE },
      value: ["a", null, { b: [true] }],
    }),
    errorFrame("an error with data", 6, new CellError("NOT_FOUND", "no such user", { data: { id: 7 } })),
    errorFrame(
      "a call that was refused and may be made again",
      5,
      new CellError("UNAVAILABLE", "demo is stopping and takes no further calls", { data: { started: false } }),
    ),
    server("an item of a streamed result", Kind.item, { method: 1, callId: 7, value: 0 }),
    server("an item that is the last one", Kind.item, { method: 1, callId: 7, flags: Flag.last, value: 1 }),
    server("the end of a streamed result", Kind.end, { method: 1, callId: 8, last8: LOAD }),
    client("an item of a stream parameter", Kind.item, { method: 2, callId: 9, value: "x" }),
    client("the end of a stream parameter", Kind.end, { method: 2, callId: 9 }),
    client("131,580 bytes of credit", Kind.credit, { method: 1, callId: 8, credit: 131_580 }),
    client("a call is cancelled", Kind.cancel, { method: 1, callId: 8 }),
    server("no further items are read", Kind.cancel, { method: 2, callId: 9 }),
    client("ping", Kind.ping, { callId: 11, last8: geneOf("00112233445566ff") }),
    server("pong", Kind.pong, { callId: 11, last8: geneOf("00112233445566ff") }),
    goawayFrame("goaway: the server stops", 9, "draining", "demo is stopping and takes no further calls"),
    client("the largest call id and method index", Kind.cancel, { method: 0xfff0 - 1, callId: 0xffffffff }),
    ...UPGRADE_VECTORS.map(({ name, from, value }) =>
      vector(name, from, Kind.upgrade, { callId: 0, ...(value !== undefined && { value }) })
    ),
  ];
}

function refused(): RefusedVector[] {
  const bytes = (kind: number, flags: number, payloadBytes: number, present = payloadBytes): string => {
    const writer = new Writer();
    const start = beginFrame(writer, kind, flags, 0, 1, 0, 0);
    writer.append(new Uint8Array(present).fill(0xc0));
    writer.view.setUint32(start, payloadBytes, true);
    return hexOf(writer);
  };
  return [
    { name: "kind 0", hex: bytes(0, 0, 0), outcome: "violation" },
    { name: "kind 12", hex: bytes(12, 0, 0), outcome: "violation" },
    { name: "a compressed request", hex: bytes(Kind.request, Flag.compressed, 1), outcome: "violation" },
    { name: "an undefined flag", hex: bytes(Kind.request, 8, 1), outcome: "violation" },
    { name: "a response with metadata", hex: bytes(Kind.response, Flag.metadata, 1), outcome: "violation" },
    { name: "an end with a payload", hex: bytes(Kind.end, 0, 1), outcome: "violation" },
    { name: "a ping with a payload", hex: bytes(Kind.ping, 0, 1), outcome: "violation" },
    { name: "a credit of ten bytes", hex: bytes(Kind.credit, 0, 10), outcome: "violation" },
    { name: "a goaway of 4,097 bytes", hex: bytes(Kind.goaway, 0, 4097, 0), outcome: "violation" },
    { name: "an upgrade of 1,025 bytes", hex: bytes(Kind.upgrade, 0, 1025, 0), outcome: "violation" },
    { name: "an upgrade with a flag", hex: bytes(Kind.upgrade, Flag.last, 1), outcome: "violation" },
    { name: "a request of 1,001 bytes", hex: bytes(Kind.request, 0, 1001), outcome: "oversized" },
    { name: "a request of 4,294,967,295 bytes", hex: bytes(Kind.request, 0, 0xffffffff, 0), outcome: "oversized" },
  ];
}

interface FrameFields {
  method?: number;
  callId: number;
  flags?: number;
  last8?: Gene;
  metadata?: { deadline?: number; service?: string; trace?: string };
  value?: unknown;
  credit?: number;
}

function client(name: string, kind: number, fields: FrameFields): FrameVector {
  return vector(name, "client", kind, fields);
}

function server(name: string, kind: number, fields: FrameFields): FrameVector {
  return vector(name, "server", kind, fields);
}

function vector(name: string, from: "client" | "server", kind: number, fields: FrameFields): FrameVector {
  const { method = 0, callId, last8 = NO_GENE, metadata, credit } = fields;
  const flags = (fields.flags ?? 0) | (metadata === undefined ? 0 : Flag.metadata);
  const writer = new Writer();
  const start = beginFrame(writer, kind, flags, method, callId, last8.low, last8.high);
  if (metadata !== undefined) new MetadataWriter(metadata.service).write(writer, metadata.deadline, metadata.trace);
  if (credit !== undefined) writeUint(writer, credit);
  else if ("value" in fields) unknownCodec("vector").encode(fields.value, writer);
  endFrame(writer, start);
  const payload = credit ?? fields.value;
  return described(name, from, writer, {
    ...(metadata !== undefined && { metadata }),
    ...(payload !== undefined && { payload }),
  });
}

function errorFrame(name: string, callId: number, error: CellError): FrameVector {
  const writer = new Writer();
  const start = beginFrame(writer, Kind.error, 0, 2, callId, LOAD.low, LOAD.high);
  writeError(writer, error);
  endFrame(writer, start);
  const { code, message, retryable, data } = error;
  return described(name, "server", writer, { payload: { code, message, retryable, data } });
}

function goawayFrame(name: string, lastCallId: number, reason: "draining", message: string): FrameVector {
  const writer = new Writer();
  writeGoaway(writer, lastCallId, reason, message);
  return described(name, "server", writer, { payload: { reason, message } });
}

/** The fields as the bytes themselves say them. */
function described(
  name: string,
  from: "client" | "server",
  writer: Writer,
  content: Pick<FrameVector, "metadata" | "payload">,
): FrameVector {
  const { view } = writer;
  const kinds = Object.keys(Kind) as (keyof typeof Kind)[];
  const flags = Object.keys(Flag) as (keyof typeof Flag)[];
  return {
    name,
    from,
    hex: hexOf(writer),
    kind: kinds.find((kind) => Kind[kind] === view.getUint8(4))!,
    flags: flags.filter((flag) => (view.getUint8(5) & Flag[flag]) !== 0),
    method: view.getUint16(6, true),
    callId: view.getUint32(8, true),
    last8: hexOf(writer).slice(24, 40),
    ...content,
  };
}

function hexOf(writer: Writer): string {
  return Buffer.from(writer.written()).toString("hex");
}
