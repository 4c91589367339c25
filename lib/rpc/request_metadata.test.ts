import { encode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Flag, type Frame, Kind } from "../wire/mod.ts";
import { RequestMetadata } from "./request_metadata.ts";

type Fields = { deadline?: number; service?: string; trace?: string };

function frameOf(fields: Fields | undefined, args: Uint8Array): Frame {
  const bytes = fields === undefined ? args : Uint8Array.of(...encode(fields, { ignoreUndefined: true }), ...args);
  const flags = fields === undefined ? 0 : Flag.metadata;
  return { kind: Kind.request, flags, method: 0, callId: 1, low: 0, high: 0, bytes, start: 0, end: bytes.length };
}

test("each request has the metadata that it came with, whatever came before", () => {
  const service = fc.constantFrom("shop", "shoe", "s", "shopping", "");
  const fields: fc.Arbitrary<Fields | undefined> = fc.oneof(
    fc.constant(undefined),
    fc.record({ service }),
    fc.record({ service, deadline: fc.nat(100_000), trace: fc.constantFrom("a", "b") }, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fields, fc.uint8Array({ maxLength: 4 })), { maxLength: 30 }), (requests) => {
      const metadata = new RequestMetadata();
      for (const [given, args] of requests) {
        const frame = frameOf(given, args);
        expect(frame.end - metadata.read(frame)).toBe(args.length);
        const { deadlineMs, service, trace } = metadata;
        expect({ deadlineMs, service, trace }).toEqual({
          deadlineMs: given?.deadline,
          service: given?.service,
          trace: given?.trace,
        });
      }
    }),
    { numRuns: 300 },
  );
});

test("a map that is cut off is refused, also when its beginning is known", () => {
  const metadata = new RequestMetadata();
  const whole = frameOf({ service: "shop" }, new Uint8Array(0));
  metadata.read(whole);
  for (let end = 0; end < whole.end; end++) expect(() => metadata.read({ ...whole, end })).toThrow("reading metadata");
});
