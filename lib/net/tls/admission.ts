import { CellError, Writer } from "../../base/mod.ts";
import { beginFrame, endFrame, GOAWAY_BYTES_MAX, HEADER_BYTES, Kind, readGoaway, writeGoaway } from "../../wire/mod.ts";

/**
 * What a server sends first to whom it lets in: a pong. In TLS 1.3 a client is done with its handshake before the server
 * has seen its certificate, so without an answer it would not know.
 */
export const ADMITTED: Uint8Array<ArrayBuffer> = (() => {
  const writer = new Writer();
  endFrame(writer, beginFrame(writer, Kind.pong, 0, 0, 0, 0, 0));
  return writer.written().slice();
})();

/** What a server sends first to whom it does not let in: a goaway that says why, which no alert of TLS could. */
export function refusalFrame(message: string): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writeGoaway(writer, 0, "permission", message);
  return writer.written().slice();
}

/** Reads a server's first frame. */
export class AdmissionReader {
  private received: Uint8Array = new Uint8Array(0);

  /** `server` is who answers, for errors. */
  constructor(private readonly server: string) {}

  /**
   * Takes the next bytes. Returns those behind the answer once the server has let this client in, and undefined while the
   * answer is not complete. Throws UNAUTHENTICATED with the server's reason when it did not, UNAVAILABLE when these bytes are
   * no answer.
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const bytes = this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    if (bytes.length < HEADER_BYTES) return undefined;
    const payloadBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const kind = bytes[4];
    if (kind === Kind.pong && payloadBytes === 0) return bytes.subarray(HEADER_BYTES);
    if (kind !== Kind.goaway || payloadBytes > GOAWAY_BYTES_MAX) throw this.strange();
    if (bytes.length < HEADER_BYTES + payloadBytes) return undefined;
    throw this.refusal(bytes, HEADER_BYTES + payloadBytes);
  }

  private refusal(bytes: Uint8Array, end: number): CellError {
    let message: string;
    try {
      ({ message } = readGoaway({
        kind: Kind.goaway,
        flags: 0,
        method: 0,
        callId: 0,
        low: 0,
        high: 0,
        bytes,
        start: HEADER_BYTES,
        end,
      }));
    } catch {
      return this.strange();
    }
    return new CellError("UNAUTHENTICATED", `connecting to ${this.server}: it refused this side: ${message}`, {
      data: { started: false },
    });
  }

  private strange(): CellError {
    return new CellError(
      "UNAVAILABLE",
      `connecting to ${this.server}: it answered the handshake with what is no answer of a cell. Is another version there?`,
      { data: { started: false }, retryable: false },
    );
  }
}
