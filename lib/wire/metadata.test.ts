import { encode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { CellError, Writer } from "../base/mod.ts";
import { type Metadata, METADATA_BYTES_MAX, MetadataWriter, readMetadata } from "./mod.ts";

const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function read(bytes: Uint8Array, start = 0, end = bytes.length): Metadata & { endsAt: number } {
  const metadata = {} as Metadata;
  const endsAt = readMetadata(bytes, start, end, metadata);
  return { ...metadata, endsAt };
}

test("what is written is read back", () => {
  for (const service of [undefined, "shop", "a".repeat(63)]) {
    for (const deadlineMs of [undefined, 0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      for (const trace of [undefined, TRACE]) {
        const writer = new Writer(1);
        new MetadataWriter(service).write(writer, deadlineMs, trace);
        const { length } = writer;
        expect(read(writer.written())).toEqual({ service, deadlineMs, trace, endsAt: length });
      }
    }
  }
});

test("metadata written by any MessagePack library is read, and what is not known is skipped", () => {
  const unknown = {
    a: [1, -5, 2.5, "x", null, true, { b: new Uint8Array(300) }],
    at: new Date(0),
    big: "y".repeat(70_000 / 10),
  };
  const bytes = encode({ future: unknown, deadline: 1500, service: "shop", other: -1, trace: TRACE });
  expect(read(bytes)).toEqual({
    deadlineMs: 1500,
    service: "shop",
    trace: TRACE,
    endsAt: bytes.length,
  });
});

test("a service's name that repeats is read again, and a different one of the same length is not confused", () => {
  const metadata = {} as Metadata;
  for (const service of ["shop", "shop", "stop", "shop"]) {
    const bytes = encode({ service });
    readMetadata(bytes, 0, bytes.length, metadata);
    expect(metadata.service).toBe(service);
  }
});

test("keys in a longer form than necessary are known as well", () => {
  const bytes = Uint8Array.of(0x81, 0xd9, 8, ...new TextEncoder().encode("deadline"), 0xcd, 0, 5);
  expect(read(bytes).deadlineMs).toBe(5);
});

test("metadata ends where its map ends", () => {
  const map = encode({ deadline: 7 });
  const bytes = Uint8Array.of(0xff, ...map, 0x91, 0x01);
  expect(read(bytes, 1).endsAt).toBe(1 + map.length);
});

test("text that is too long or not ASCII counts as absent", () => {
  for (const text of ["ü", "x".repeat(256), "a\nb"]) {
    expect(read(encode({ service: text, trace: text }))).toMatchObject({ service: undefined, trace: undefined });
  }
});

test("metadata that is no map, is cut off or is too long is refused", () => {
  const refused = (bytes: Uint8Array): string => {
    try {
      read(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(CellError);
      expect((error as CellError).code).toBe("INVALID_ARGUMENT");
      return (error as CellError).message;
    }
    throw new Error("it was read");
  };
  expect(refused(encode([1]))).toContain("expected a map");
  expect(refused(encode({ deadline: "soon" }))).toContain("expected an unsigned integer");
  expect(refused(encode({ deadline: -1 }))).toContain("expected an unsigned integer");
  expect(refused(Uint8Array.of(0x81, 0xc1))).toContain("expected a string");
  expect(refused(Uint8Array.of(0x81, 0xa1, 0x61, 0xc1))).toContain("0xc1 is not MessagePack");
  expect(refused(Uint8Array.of(0x81, 0xa1, 0x61, 0xdd, 0xff, 0xff, 0xff, 0xff))).toContain("expected 1 more bytes");
  expect(refused(Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff))).toContain("expected 1 more bytes");
  expect(refused(encode({ other: "x".repeat(METADATA_BYTES_MAX) }))).toContain(`at most ${METADATA_BYTES_MAX} bytes`);
  const whole = encode({ deadline: 70_000, other: [1, { a: "b" }] });
  for (let length = 0; length < whole.length; length++) refused(whole.slice(0, length));
});

test("random bytes are metadata or refused, never an exception of another kind", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(read(bytes).endsAt).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(CellError);
      }
    }),
    { numRuns: 2000 },
  );
});
