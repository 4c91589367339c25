import type { Writer } from "../../base/mod.ts";
import type { Definitions, Type } from "../schema.ts";
import { copyBytes, grow, matches, writeBytes } from "./bytes.ts";
import type { Codec } from "./codec.ts";
import { Cursor, ELEMENTS_MAX } from "./cursor.ts";
import { DecoderSource } from "./decoder.ts";
import { EncoderSource } from "./encoder.ts";
import {
  duplicateKey,
  failure,
  forbiddenKey,
  keyed,
  mismatch,
  patternFailure,
  showText,
  showValue,
} from "./failure.ts";
import { arrayCount, bytesLength, mapCount, textLength, writeArrayHeader, writeMapHeader } from "./header.ts";
import { findValue, FORBIDDEN_KEY } from "./keys.ts";
import { readFloat32, readFloat64 } from "./float.ts";
import { isNumberLead, readBigint, readNumber, writeInteger, writeNumber } from "./number.ts";
import { Program, REFUSED } from "./program.ts";
import { skip } from "./skip.ts";
import { readKeyText, readText, writeText } from "./text.ts";
import { readTimestamp, writeTimestamp } from "./timestamp.ts";
import { explainUnknown, NOTHING, readLiteral, readUnknown, writeUnknown } from "./unknown.ts";
import { ended, overlong, wireMismatch } from "./wire_text.ts";
import type { ListShape } from "./wire_form.ts";

/** What a codec is compiled from: one type, or a list of them. */
export type Shape = { type: Type } | { list: ListShape };

type Encode = (value: unknown, writer: Writer, position: number, depth: number, at?: string) => number;
type Decode = (cursor: Cursor, depth: number, at?: string) => unknown;

/** Decoders run one at a time, to their end: they call nothing that could begin another one. */
const cursor = new Cursor();

/**
 * A codec whose code is made when it is first needed, each direction on its own: a client never decodes arguments. The
 * code that explains what is wrong is made when something first is.
 */
export class CompiledCodec implements Codec {
  private encoder: Encode | undefined;
  private decoder: Decode | undefined;
  private explainingEncoder: Encode | undefined;
  private explainingDecoder: Decode | undefined;

  constructor(
    private readonly shape: Shape,
    private readonly definitions: Definitions,
    private readonly rootPath: string,
  ) {}

  encode(value: unknown, writer: Writer): void {
    const start = writer.length;
    this.encoder ??= this.makeEncoder(false);
    try {
      writer.length = this.encoder(value, writer, start, 0);
    } catch (error) {
      if (error !== REFUSED) throw error;
      this.explainingEncoder ??= this.makeEncoder(true);
      writer.length = this.explainingEncoder(value, writer, start, 0, this.rootPath);
    }
  }

  decode(bytes: Uint8Array, start: number, end: number): unknown {
    this.decoder ??= this.makeDecoder(false);
    cursor.start(bytes, start, end);
    try {
      const value = this.decoder(cursor, 0);
      if (cursor.position === end) return value;
    } catch (error) {
      if (error !== REFUSED) throw error;
    } finally {
      cursor.stop();
    }
    return this.explain(bytes, start, end);
  }

  /** Reads a copy: what is said of a message must hold for one and the same message, and tell of no byte behind it. */
  private explain(bytes: Uint8Array, start: number, end: number): never {
    this.explainingDecoder ??= this.makeDecoder(true);
    const own = copyBytes(bytes, start, end);
    cursor.start(own, 0, own.length);
    try {
      this.explainingDecoder(cursor, 0, this.rootPath);
      const left = own.length - cursor.position;
      if (left > 0) throw failure(this.rootPath, `expected the message to end here, found ${left} more bytes`);
      if (left < 0) throw ended(this.rootPath, "the rest of a value");
      throw failure(this.rootPath, "the message changed while it was being read");
    } finally {
      cursor.stop();
    }
  }

  private makeEncoder(explains: boolean): Encode {
    const program = new Program(this.definitions, explains);
    const source = new EncoderSource(program);
    const entry = "type" in this.shape ? source.entry(this.shape.type) : source.entryOfList(this.shape.list);
    return program.link(entry, ENCODER_RUNTIME) as Encode;
  }

  private makeDecoder(explains: boolean): Decode {
    const program = new Program(this.definitions, explains);
    const source = new DecoderSource(program);
    const entry = "type" in this.shape ? source.entry(this.shape.type) : source.entryOfList(this.shape.list);
    return program.link(entry, DECODER_RUNTIME) as Decode;
  }
}

/** What an object type without required properties must not be given. */
function isContainer(value: unknown): boolean {
  return Array.isArray(value) || value instanceof Map || value instanceof Set || value instanceof Date ||
    ArrayBuffer.isView(value);
}

const ENCODER_RUNTIME = {
  REFUSED,
  explainUnknown,
  failure,
  forbiddenKey,
  grow,
  isContainer,
  keyed,
  mismatch,
  patternFailure,
  showText,
  writeArrayHeader,
  writeBytes,
  writeInteger,
  writeMapHeader,
  writeNumber,
  writeText,
  writeTimestamp,
  writeUnknown,
};

const DECODER_RUNTIME = {
  ELEMENTS_MAX,
  FORBIDDEN_KEY,
  NOTHING,
  REFUSED,
  arrayCount,
  bytesLength,
  copyBytes,
  duplicateKey,
  ended,
  failure,
  findValue,
  forbiddenKey,
  isNumberLead,
  keyed,
  mapCount,
  matches,
  mismatch,
  overlong,
  patternFailure,
  readBigint,
  readFloat32,
  readFloat64,
  readKeyText,
  readLiteral,
  readNumber,
  readText,
  readTimestamp,
  readUnknown,
  showText,
  showValue,
  skip,
  textLength,
  wireMismatch,
};
