/**
 * Encodes and decodes the payloads with the codecs that the schema of services/payloads.ts compiles to, and with
 * @msgpack/msgpack: `bun codec.ts`, a request per line of stdin. Both sides reuse their buffers as they are meant to, and
 * both carry the value as the one element of an argument array.
 */
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { assert, Writer } from "../../lib/base/mod.ts";
import { compileMethod } from "../../lib/schema/mod.ts";
import { readService } from "../../lib/schema/typescript/mod.ts";
import { PEERS_DIRECTORY } from "../harness/mod.ts";
import { type PayloadName, PAYLOADS } from "./payloads.ts";

/** A line of stdin. */
export interface CodecRequest {
  payload: PayloadName;
  side: "ours" | "reference";
  durationMs: number;
}

/** A line of stdout. */
export interface CodecAnswer {
  roundTripsPerSecond: number;
  /** Bytes of the encoded payload. */
  bytes: number;
}

/** The part of @msgpack/msgpack that is used; it is installed with the peers, unknown to the type checker. */
interface MsgpackModule {
  Encoder: new () => { encodeSharedRef(value: unknown): Uint8Array };
  Decoder: new () => { decode(bytes: Uint8Array): unknown };
}

type RoundTrip = () => unknown;

/** Between two looks at the clock; the smallest payload takes a tenth of a microsecond. */
const BATCH = 16;

const { schema } = await readService(join(import.meta.dir, "..", "services", "payloads.ts"), {
  name: "payloads",
  remoteDeclarations: () => undefined,
});
const msgpack: MsgpackModule = await import(join(PEERS_DIRECTORY, "node_modules", "@msgpack", "msgpack"));
const encoder = new msgpack.Encoder();
const decoder = new msgpack.Decoder();
const writer = new Writer();

const sides = new Map<PayloadName, Record<CodecRequest["side"], RoundTrip>>();
const sizes = new Map<PayloadName, number>();
for (const name of Object.keys(PAYLOADS) as PayloadName[]) {
  const args = [PAYLOADS[name]];
  const codec = compileMethod(schema, name).args;
  const ours = (): unknown => {
    writer.reset();
    codec.encode(args, writer);
    return codec.decode(writer.bytes, 0, writer.length);
  };
  const reference = (): unknown => decoder.decode(encoder.encodeSharedRef(args));
  for (const roundTrip of [ours, reference]) {
    assert(isDeepStrictEqual(roundTrip(), args), `${name} comes back as it went`);
  }
  assert(throws(() => codec.encode([{}], new Writer())), `${name} is validated when it is encoded`);
  const wrong = encoder.encodeSharedRef([{}]);
  assert(throws(() => codec.decode(wrong, 0, wrong.length)), `${name} is validated when it is decoded`);
  writer.reset();
  codec.encode(args, writer);
  assert(isDeepStrictEqual(decoder.decode(writer.written()), args), `${name} is plain MessagePack`);
  sizes.set(name, writer.length);
  sides.set(name, { ours, reference });
}

function throws(run: () => void): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

/** Keeps results reachable, so that no compiler drops the work. */
let sink: unknown;

function roundTripsPerSecond(roundTrip: RoundTrip, durationMs: number): number {
  let count = 0;
  const started = performance.now();
  let elapsed = 0;
  do {
    for (let index = 0; index < BATCH; index++) sink = roundTrip();
    count += BATCH;
    elapsed = performance.now() - started;
  } while (elapsed < durationMs);
  return (count * 1000) / elapsed;
}

console.log(JSON.stringify({ ready: true }));
for await (const line of console) {
  if (line === "") continue;
  const { payload, side, durationMs }: CodecRequest = JSON.parse(line);
  const answer: CodecAnswer = {
    roundTripsPerSecond: roundTripsPerSecond(sides.get(payload)![side], durationMs),
    bytes: sizes.get(payload)!,
  };
  console.log(JSON.stringify(answer));
}
assert(sink !== null, "a round trip has a result");
