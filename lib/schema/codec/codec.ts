import type { Writer } from "../../base/mod.ts";

/** Turns values of one type into MessagePack and back, checking them on both ways. */
export interface Codec<T = unknown> {
  /**
   * Appends the value at `writer.length`. Throws INVALID_ARGUMENT with the path of what is wrong, such as
   * `args[0].items[3].price: expected number, found string "12"`; the writer's length then is what it was.
   */
  encode(value: T, writer: Writer): void;
  /** The value that exactly the bytes from `start` to `end` hold. Throws INVALID_ARGUMENT, with the path likewise. */
  decode(bytes: Uint8Array, start: number, end: number): T;
}

/** The codecs of one method. */
export interface MethodCodec {
  /** Its paths begin with `args`. */
  args: Codec<unknown[]>;
  /** Of the result, or with `resultStream` of one item of it. Its paths begin with `result` or `item`. */
  result: Codec;
  /** Of one item of the stream that the method takes. Its paths begin with `item`. */
  streamParam?: Codec;
}
