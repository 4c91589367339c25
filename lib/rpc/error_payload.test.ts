import { decode, encode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import { CellError, CODES, Writer } from "../base/mod.ts";
import { readError, writeError } from "./error_payload.ts";

function written(error: CellError): Uint8Array {
  const writer = new Writer();
  writeError(writer, error);
  return writer.written();
}

function read(payload: Uint8Array): CellError {
  return readError(payload, 0, payload.length);
}

test("every code survives the way, with and without data", () => {
  for (const code of CODES) {
    const error = read(written(new CellError(code, "why", { retryable: true, data: { at: [1] } })));
    expect([error.code, error.message, error.retryable, error.data]).toEqual([code, "why", true, { at: [1] }]);
    expect(read(written(new CellError(code, "why"))).data).toBeUndefined();
  }
});

test("an error is a plain map that any library reads", () => {
  expect(decode(written(new CellError("ABORTED", "why")))).toEqual({
    code: "ABORTED",
    message: "why",
    retryable: false,
  });
});

test("data that cannot travel is left out, and the message says so", () => {
  for (const data of [() => {}, Symbol("x"), "x".repeat(300_000)]) {
    const error = read(written(new CellError("ABORTED", "why", { data })));
    expect(error.data).toBeUndefined();
    expect(error.message).toStartWith("why (its data is left out: ");
  }
});

test("an error of another implementation is read as far as it is known", () => {
  const error = read(encode({ code: "TEAPOT", message: "short and stout", extra: 1 }));
  expect([error.code, error.message, error.retryable]).toEqual(["UNKNOWN", "short and stout", false]);
  expect(read(encode({ code: "UNAVAILABLE", message: 7 })).retryable).toBe(true);
});

test("a message that is no text is no reason to fail", () => {
  for (const message of [null, [], { toString: 1, valueOf: 1 }, [{ toString: null }]]) {
    const error = read(encode({ code: "ABORTED", message }));
    expect([error.code, error.message]).toEqual(["ABORTED", "an error without a text"]);
  }
});

test("a payload that is no error is refused", () => {
  for (
    const payload of [encode(null), encode([]), encode({ code: "ABORTED" }), Uint8Array.of(0xc1), new Uint8Array(0)]
  ) {
    expect(() => read(payload)).toThrow(CellError);
  }
});
