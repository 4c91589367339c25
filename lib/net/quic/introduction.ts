import { CellError } from "../../base/mod.ts";
import { PROOF_BYTES_MAX } from "../identity/mod.ts";

/** The version of the first bytes; ALPN says the version of everything behind them. */
const VERSION = 1;
/** Version, kind, length of the body (16 bits, little-endian). */
const HEADER_BYTES = 4;

/** What the first bytes of a side are. */
export const IntroductionKind = {
  /** A client's proof of who it is. */
  proof: 1,
  /** A server lets the client in; the body is its endorsement, or empty. */
  admitted: 2,
  /** A server does not; the body says why, in UTF-8. */
  refused: 3,
} as const;

/** No body is longer. */
export const INTRODUCTION_BYTES_MAX = PROOF_BYTES_MAX;

/** What a side says before its first frame. */
export interface Introduction {
  readonly kind: number;
  readonly body: Uint8Array;
  /** What came behind it. */
  readonly rest: Uint8Array;
}

/** The bytes of an introduction. */
export function encodeIntroduction(kind: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes.set([VERSION, kind, body.length & 0xff, body.length >> 8]);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Reads an introduction out of chunks of any size. */
export class IntroductionReader {
  private bytes: Uint8Array = new Uint8Array(0);

  constructor(private readonly kinds: readonly number[]) {}

  /** Takes a chunk; gives the introduction once it is complete. Throws INVALID_ARGUMENT for what is none. */
  push(chunk: Uint8Array): Introduction | undefined {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    const { bytes, kinds } = this;
    if (bytes.length < HEADER_BYTES) return undefined;
    const [version, kind = 0, low = 0, high = 0] = bytes;
    const end = HEADER_BYTES + low + high * 256;
    if (version !== VERSION || !kinds.includes(kind) || end > HEADER_BYTES + INTRODUCTION_BYTES_MAX) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `introducing both sides: expected version ${VERSION}, kind ${
          kinds.join(" or ")
        } and at most ${INTRODUCTION_BYTES_MAX} bytes, ` +
          `found version ${version}, kind ${kind} and ${end - HEADER_BYTES} bytes. Is another version of cell there?`,
      );
    }
    if (bytes.length < end) return undefined;
    return { kind, body: bytes.subarray(HEADER_BYTES, end), rest: bytes.subarray(end) };
  }
}
