import { expect, test } from "bun:test";
import fc from "fast-check";
import { type CellError, Writer } from "../base/mod.ts";
import { beginFrame, endFrame, Flag, type Frame, FrameReader, HEADER_BYTES, Kind } from "./mod.ts";

interface Seen {
  kind: number;
  flags: number;
  method: number;
  callId: number;
  low: number;
  high: number;
  payload: string;
}

/** Keeps a copy of all that it is told. */
class Recorder {
  frames: Seen[] = [];
  oversized: Seen[] = [];
  violation: CellError | undefined;
  /** Called within `onFrame`. */
  during: (frame: Frame) => void = () => {};

  onFrame(frame: Frame): void {
    this.frames.push(seen(frame));
    this.during(frame);
  }
  onOversized(frame: Frame): void {
    this.oversized.push(seen(frame));
  }
  onViolation(error: CellError): void {
    this.violation = error;
  }
}

function seen({ kind, flags, method, callId, low, high, bytes, start, end }: Frame): Seen {
  return { kind, flags, method, callId, low, high, payload: Buffer.from(bytes.subarray(start, end)).toString("hex") };
}

function write(writer: Writer, kind: number, callId: number, payload: Uint8Array, flags = 0): void {
  const start = beginFrame(writer, kind, flags, callId % 65536, callId, 0xfedcba98, 0x01234567);
  writer.append(payload);
  endFrame(writer, start);
}

function expected(kind: number, callId: number, payload: Uint8Array, flags = 0): Seen {
  return {
    kind,
    flags,
    method: callId % 65536,
    callId,
    low: 0xfedcba98,
    high: 0x01234567,
    payload: Buffer.from(payload).toString("hex"),
  };
}

const LIMIT = 64;

test("the header is laid out as the protocol says, little-endian", () => {
  const writer = new Writer(8);
  const start = beginFrame(writer, Kind.request, Flag.metadata, 0x1234, 0xa1b2c3d4, 0x04030201, 0x08070605);
  writer.append(Uint8Array.of(0x90));
  endFrame(writer, start);
  expect(Buffer.from(writer.written()).toString("hex")).toBe(
    "01000000" + "01" + "01" + "3412" + "d4c3b2a1" + "0102030405060708" + "90",
  );
});

test("a frame whole in one chunk is delivered where it lies", () => {
  const writer = new Writer();
  write(writer, Kind.item, 7, Uint8Array.of(1, 2, 3));
  write(writer, Kind.item, 8, Uint8Array.of(4));
  const chunk = writer.written().slice();
  const recorder = new Recorder();
  recorder.during = (frame) => expect(frame.bytes).toBe(chunk);
  new FrameReader(recorder, LIMIT).push(chunk);
  expect(recorder.frames).toEqual([
    expected(Kind.item, 7, Uint8Array.of(1, 2, 3)),
    expected(Kind.item, 8, Uint8Array.of(4)),
  ]);
});

test("every way to cut three frames in three gives the same frames", () => {
  const payloads = [Uint8Array.of(1, 2, 3, 4, 5), new Uint8Array(0), new Uint8Array(LIMIT).fill(9)];
  const writer = new Writer();
  payloads.forEach((payload, index) => write(writer, Kind.item, index + 1, payload));
  const bytes = writer.written().slice();
  const wanted = payloads.map((payload, index) => expected(Kind.item, index + 1, payload));
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const recorder = new Recorder();
      const reader = new FrameReader(recorder, LIMIT);
      for (const [from, to] of [[0, first], [first, second], [second, bytes.length]] as const) {
        reader.push(bytes.slice(from, to));
      }
      if (recorder.frames.length !== 3 || reader.midFrame) throw new Error(`cut at ${first} and ${second}`);
      expect(recorder.frames).toEqual(wanted);
    }
  }
});

test("one byte at a time works as well", () => {
  const writer = new Writer();
  for (let callId = 1; callId <= 5; callId++) write(writer, Kind.request, callId, new Uint8Array(callId).fill(callId));
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, LIMIT);
  for (const byte of writer.written()) reader.push(Uint8Array.of(byte));
  expect(recorder.frames.map((frame) => frame.callId)).toEqual([1, 2, 3, 4, 5]);
});

test("a payload over the limit is reported once, dropped, and what follows is read", () => {
  for (const chunkBytes of [1, 3, 19, 20, 21, 1000]) {
    const writer = new Writer();
    write(writer, Kind.request, 1, new Uint8Array(LIMIT + 1));
    write(writer, Kind.request, 2, Uint8Array.of(0x90));
    const recorder = new Recorder();
    const reader = new FrameReader(recorder, LIMIT);
    const bytes = writer.written();
    for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.slice(at, at + chunkBytes));
    expect(recorder.oversized.map((frame) => [frame.callId, frame.payload])).toEqual([[1, ""]]);
    expect(recorder.frames.map((frame) => frame.callId)).toEqual([2]);
  }
});

test("a claim of many bytes takes no memory until the bytes are there", () => {
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, 0xffffffff);
  const writer = new Writer();
  const start = beginFrame(writer, Kind.request, 0, 0, 1, 0, 0);
  writer.view.setUint32(start, 0xfffffff0, true);
  reader.push(writer.written().slice());
  reader.push(new Uint8Array(100));
  expect(reader.midFrame).toBe(true);
  expect(reader["partial"].length).toBeLessThanOrEqual(4096);
});

test("headers that no correct peer sends stop the reader for good", () => {
  const cases: [kind: number, flags: number, payloadBytes: number, message: string][] = [
    [0, 0, 0, "kind from 1 to 11, found 0"],
    [12, 0, 0, "kind from 1 to 11, found 12"],
    [Kind.request, Flag.compressed, 0, "flags 0x4"],
    [Kind.request, Flag.last, 0, "flags 0x2"],
    [Kind.response, Flag.metadata, 0, "flags 0x1"],
    [Kind.ping, 0, 1, "at most 0 payload bytes, found 1"],
    [Kind.pong, 0, 1, "at most 0 payload bytes, found 1"],
    [Kind.end, 0, 1, "at most 0 payload bytes, found 1"],
    [Kind.cancel, 0, 1, "at most 0 payload bytes, found 1"],
    [Kind.credit, 0, 10, "at most 9 payload bytes, found 10"],
    [Kind.goaway, 0, 4097, "at most 4096 payload bytes, found 4097"],
    [Kind.upgrade, 0, 1025, "at most 1024 payload bytes, found 1025"],
    [Kind.upgrade, Flag.last, 0, "flags 0x2"],
  ];
  for (const [kind, flags, payloadBytes, message] of cases) {
    for (const chunkBytes of [1, 10_000]) {
      const writer = new Writer();
      write(writer, kind, 1, new Uint8Array(payloadBytes), flags);
      write(writer, Kind.request, 2, Uint8Array.of(0x90));
      const recorder = new Recorder();
      const reader = new FrameReader(recorder, 10_000);
      const bytes = writer.written();
      for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.slice(at, at + chunkBytes));
      expect(recorder.violation?.code).toBe("INVALID_ARGUMENT");
      expect(recorder.violation?.message).toContain(message);
      expect(recorder.frames).toEqual([]);
    }
  }
});

/** Memory that a peer writes to when somebody takes a part of it. */
class SharedChunk extends Uint8Array<ArrayBuffer> {
  change: ((bytes: Uint8Array) => void) | undefined;

  override subarray(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    this.change?.(this);
    return new Uint8Array(this.buffer, this.byteOffset, this.length).subarray(start, end);
  }
}

test("a frame that has begun keeps the length that it began with, whatever becomes of its header", () => {
  const payload = Uint8Array.from({ length: LIMIT }, (_, index) => index);
  const writer = new Writer();
  write(writer, Kind.item, 1, payload);
  write(writer, Kind.item, 2, payload);
  for (const length of [0, 10, LIMIT + 1, 0xffffffff]) {
    const recorder = new Recorder();
    const reader = new FrameReader(recorder, LIMIT, "lent");
    const chunk = new SharedChunk(new ArrayBuffer(HEADER_BYTES + 40));
    chunk.set(writer.written().subarray(0, chunk.length));
    chunk.change = (bytes) => new DataView(bytes.buffer).setUint32(0, length, true);
    reader.push(chunk);
    reader.push(writer.written().slice(HEADER_BYTES + 40));
    expect(recorder.violation).toBeUndefined();
    expect(recorder.frames.map(({ callId, payload }) => [callId, payload.length / 2])).toEqual([[1, LIMIT], [
      2,
      LIMIT,
    ]]);
  }
});

test("of a lent chunk nothing is kept but copies", () => {
  const writer = new Writer();
  for (let callId = 1; callId <= 3; callId++) write(writer, Kind.item, callId, Uint8Array.of(callId));
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, LIMIT, "lent");
  recorder.during = () => reader.pause();
  // A Buffer, whose own slice would be a view.
  const chunk = Buffer.from(writer.written());
  reader.push(chunk);
  chunk.fill(0xff);
  reader.resume();
  reader.resume();
  expect(recorder.frames.map(({ callId }) => callId)).toEqual([1, 2, 3]);
});

test("a pause takes effect between two frames of one chunk, and nothing is lost", () => {
  const writer = new Writer();
  for (let callId = 1; callId <= 4; callId++) write(writer, Kind.request, callId, Uint8Array.of(callId));
  const bytes = writer.written().slice();
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, LIMIT);
  recorder.during = ({ callId }) => void (callId % 2 === 0 && reader.pause());
  reader.push(bytes.slice(0, 50));
  expect(recorder.frames.length).toBe(2);
  reader.push(bytes.slice(50));
  expect(recorder.frames.length).toBe(2);
  reader.resume();
  expect(recorder.frames.map((frame) => frame.callId)).toEqual([1, 2, 3, 4]);
  expect(reader.midFrame).toBe(false);
});

test("a reader that is stopped by its sink delivers nothing more of the chunk", () => {
  const writer = new Writer();
  for (let callId = 1; callId <= 3; callId++) write(writer, Kind.request, callId, Uint8Array.of(callId));
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, LIMIT);
  recorder.during = () => reader.stop();
  reader.push(writer.written().slice());
  reader.push(writer.written().slice());
  expect(recorder.frames.length).toBe(1);
});

test("an error that the sink throws is a violation, not an exception in the event loop", () => {
  const recorder = new Recorder();
  recorder.during = () => {
    throw new Error("bug");
  };
  const writer = new Writer();
  write(writer, Kind.request, 1, Uint8Array.of(1));
  new FrameReader(recorder, LIMIT).push(writer.written().slice());
  expect(recorder.violation?.code).toBe("INTERNAL");
});

test("frames survive any chunking, any pausing and any size", () => {
  const frame = fc.record({
    kind: fc.constantFrom(Kind.request, Kind.response, Kind.error, Kind.item),
    callId: fc.nat(0xffffffff),
    payload: fc.uint8Array({ maxLength: LIMIT + 20 }),
  });
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 120 }), fc.boolean()), { minLength: 1, maxLength: 20 }),
      (frames, cuts) => {
        const writer = new Writer(16);
        for (const { kind, callId, payload } of frames) write(writer, kind, callId, payload);
        const bytes = writer.written();
        const recorder = new Recorder();
        const reader = new FrameReader(recorder, LIMIT);
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const [count, pauses] = cuts[turn % cuts.length]!;
          if (pauses) reader.pause();
          reader.push(bytes.slice(at, at + count));
          if (pauses) reader.resume();
          at += count;
        }
        const fitting = frames.filter(({ payload }) => payload.length <= LIMIT);
        expect(recorder.frames).toEqual(fitting.map(({ kind, callId, payload }) => expected(kind, callId, payload)));
        expect(recorder.oversized.length).toBe(frames.length - fitting.length);
        expect(reader.midFrame).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
});

test("random bytes end in frames or a violation, never in an exception", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 10 }), (chunks) => {
      const recorder = new Recorder();
      const reader = new FrameReader(recorder, LIMIT);
      for (const chunk of chunks) reader.push(chunk);
      const delivered = recorder.frames.reduce((sum, { payload }) => sum + HEADER_BYTES + payload.length / 2, 0);
      expect(delivered).toBeLessThanOrEqual(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    }),
    { numRuns: 500 },
  );
});

test("large frames that arrive in pieces at several readers in turn do not mix, nor do ones that follow each other", () => {
  const sides = Array.from({ length: 3 }, (_, side) => {
    const recorder = new Recorder();
    const writer = new Writer();
    const sent: Seen[] = [];
    for (let callId = 0; callId < 4; callId++) {
      const payload = new Uint8Array(100_000 + 50_000 * callId).fill(16 * side + callId);
      write(writer, Kind.item, callId, payload);
      sent.push(expected(Kind.item, callId, payload));
    }
    return { recorder, sent, bytes: writer.written(), reader: new FrameReader(recorder, 1 << 20, "lent") };
  });
  for (let offset = 0; offset < sides[0]!.bytes.length; offset += 30_000) {
    for (const { reader, bytes } of sides) reader.push(bytes, offset, Math.min(offset + 30_000, bytes.length));
  }
  for (const { recorder, sent } of sides) expect(recorder.frames).toEqual(sent);
});
