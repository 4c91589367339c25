import { expect, test } from "bun:test";
import { CellError, Writer } from "../../base/mod.ts";
import { beginFrame, endFrame, GOAWAY_BYTES_MAX, Kind } from "../../wire/mod.ts";
import { AdmissionReader, ADMITTED, refusalFrame } from "./admission.ts";

/** What a reader makes of an answer that arrives in pieces of `size` bytes. */
function read(answer: Uint8Array, size: number): Uint8Array | undefined | CellError {
  const reader = new AdmissionReader("192.0.2.7:9043");
  try {
    for (let start = 0; start < answer.length; start += size) {
      const rest = reader.push(answer.slice(start, start + size));
      if (rest !== undefined) return Buffer.concat([rest, answer.slice(start + size)]);
    }
    return undefined;
  } catch (error) {
    return error as CellError;
  }
}

test("whoever is let in gets what follows the answer, however the bytes are cut", () => {
  const answer = Buffer.concat([ADMITTED, Buffer.from("frames")]);
  for (let size = 1; size <= answer.length; size++) expect(String(read(answer, size))).toBe("frames");
  expect(read(ADMITTED, ADMITTED.length)).toEqual(Buffer.alloc(0));
});

test("whoever is not let in is told why, however the bytes are cut", () => {
  const answer = refusalFrame("its certificate expired");
  for (let size = 1; size <= answer.length; size += 7) {
    const error = read(answer, size);
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", data: { started: false } });
    expect((error as CellError).message).toBe(
      "connecting to 192.0.2.7:9043: it refused this side: its certificate expired",
    );
  }
});

test("an answer that is not complete is waited for", () => {
  const answer = refusalFrame("no");
  expect(read(answer.slice(0, -1), 5)).toBeUndefined();
  expect(read(ADMITTED.slice(0, -1), 5)).toBeUndefined();
});

test("what is no answer is refused, and what announces too much is not waited for", () => {
  const frame = (kind: number, payloadBytes: number) => {
    const writer = new Writer();
    const start = beginFrame(writer, kind, 0, 0, 0, 0, 0);
    endFrame(writer, start);
    writer.view.setUint32(start, payloadBytes, true);
    return writer.written();
  };
  const strange = [
    Buffer.from("HTTP/1.1 400 Bad Request\r\n"),
    frame(Kind.response, 0),
    frame(Kind.pong, 1),
    frame(Kind.goaway, GOAWAY_BYTES_MAX + 1),
    Buffer.concat([frame(Kind.goaway, 3), Buffer.from("abc")]),
  ];
  for (const answer of strange) expect(read(answer, 9)).toMatchObject({ code: "UNAVAILABLE", retryable: false });
});
