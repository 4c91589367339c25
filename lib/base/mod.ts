/**
 * The ground everything stands on: errors, units, bytes, names, seeded chance. No I/O, no dependencies, no state; anything may import
 * it and it imports nothing.
 */
export { ByteReader } from "./byte_reader.ts";
export { ByteWriter } from "./byte_writer.ts";
export { durationMs } from "./duration.ts";
export { errorCode } from "./error_code.ts";
export { assert, CellError, type CellErrorOptions, type Code, CODES, toCellError } from "./errors.ts";
export { ifWellFormed, MalformedError } from "./malformed_error.ts";
export { didYouMean, nearest } from "./near.ts";
export { seededRandom } from "./seeded_random.ts";
export { SpareBuffer } from "./spare_buffer.ts";
export { KIB, MIB, MINUTE, MS, SECOND } from "./units.ts";
export { Writer } from "./writer.ts";
