import { CellError, type Code, CODES, type Writer } from "../base/mod.ts";
import { type Codec, unknownCodec } from "../schema/mod.ts";

/** Longest message of an error that travels, in UTF-16 code units. */
const MESSAGE_LENGTH_MAX = 16 * 1024;
/** Longest data of an error that travels, in bytes: more belongs into a result. */
const DATA_BYTES_MAX = 256 * 1024;

let codec: Codec | undefined;

/**
 * Appends the payload of an error frame: a map with `code`, `message`, `retryable` and, if there is any, `data`. Data
 * that MessagePack cannot carry is left out, and the message says so: the error itself always arrives.
 */
export function writeError(writer: Writer, error: CellError): void {
  codec ??= unknownCodec("error");
  const { code, message, retryable, data } = error;
  const fields = { code, message: message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed(), retryable };
  const start = writer.length;
  if (data !== undefined) {
    try {
      codec.encode({ ...fields, data }, writer);
      if (writer.length - start <= DATA_BYTES_MAX) return;
      fields.message += ` (its data is left out: it has more than ${DATA_BYTES_MAX} bytes)`;
    } catch (failure) {
      fields.message += ` (its data is left out: ${(failure as Error).message})`.toWellFormed();
    }
    writer.length = start;
  }
  codec.encode(fields, writer);
}

/** The error that a payload describes. Throws INVALID_ARGUMENT for a payload that is none. */
export function readError(bytes: Uint8Array, start: number, end: number): CellError {
  codec ??= unknownCodec("error");
  const fields = codec.decode(bytes, start, end);
  if (typeof fields !== "object" || fields === null || !("code" in fields) || !("message" in fields)) {
    throw new CellError("INVALID_ARGUMENT", "error: expected a map with code and message");
  }
  const { code, message, retryable, data } = fields as { [name: string]: unknown };
  const known = CODES.find((candidate): candidate is Code => candidate === code) ?? "UNKNOWN";
  // What other libraries send may be any value, and some objects have no string form.
  return new CellError(known, typeof message === "object" ? "an error without a text" : String(message), {
    ...(typeof retryable === "boolean" && { retryable }),
    ...(data !== undefined && { data }),
  });
}
