import { CellError, type Writer } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import {
  beginFrame,
  endFrame,
  type Frame,
  type GoawayReason,
  HEADER_BYTES,
  Kind,
  writeGoaway,
  writeUint,
} from "../wire/mod.ts";
import type { ActiveCall } from "./active_call.ts";
import { writeError } from "./error_payload.ts";
import { itemCost } from "./incoming_stream.ts";
import type { LoadReport } from "./reflection.ts";

/** Writes a server's frames into its link. Nothing is committed here: whoever decides that a frame is sent does it. */
export class ServerFrames {
  /** A value is being written: user code that runs meanwhile must not write another frame into this one. */
  isEncoding = false;

  constructor(
    private readonly link: Link,
    private readonly load: LoadReport,
    private readonly messageBytesMax: number,
  ) {}

  /** Throws INTERNAL when the value does not fit its type; nothing is written then. */
  response(call: ActiveCall, value: unknown): void {
    this.value(this.answer(call, Kind.response), call, value);
  }

  /** One item of a result stream; returns what it takes from the credit. Throws like `response`. */
  item(call: ActiveCall, value: unknown): number {
    const { writer } = this.link;
    const start = beginFrame(writer, Kind.item, 0, call.served.index, call.id, 0, 0);
    this.value(start, call, value);
    return itemCost(writer.length - start - HEADER_BYTES);
  }

  end(call: ActiveCall): void {
    endFrame(this.link.writer, this.answer(call, Kind.end));
  }

  /** The error that answers a call. */
  failure(call: ActiveCall, error: CellError): void {
    const start = this.answer(call, Kind.error);
    this.isEncoding = true;
    try {
      writeError(this.link.writer, error);
    } finally {
      this.isEncoding = false;
    }
    endFrame(this.link.writer, start);
  }

  /** The error of a call that never came to life. */
  refusal(method: number, callId: number, error: CellError): void {
    const { writer } = this.link;
    const start = beginFrame(writer, Kind.error, 0, method, callId, this.load.inFlight, this.load.latencyMicros);
    writeError(writer, error);
    endFrame(writer, start);
  }

  /** The answer of a method that every server has. Throws what `encode` throws; nothing is written then. */
  reflection({ method, callId }: Frame, encode: (writer: Writer) => void): void {
    const { writer } = this.link;
    const start = beginFrame(writer, Kind.response, 0, method, callId, this.load.inFlight, this.load.latencyMicros);
    try {
      encode(writer);
    } catch (thrown) {
      writer.length = start;
      throw thrown;
    }
    endFrame(writer, start);
  }

  credit(call: ActiveCall, bytes: number): void {
    const { writer } = this.link;
    const start = beginFrame(writer, Kind.credit, 0, call.served.index, call.id, 0, 0);
    writeUint(writer, bytes);
    endFrame(writer, start);
  }

  /** The handler reads no further items of its caller's stream. */
  cancel(call: ActiveCall): void {
    endFrame(this.link.writer, beginFrame(this.link.writer, Kind.cancel, 0, call.served.index, call.id, 0, 0));
  }

  ping(): void {
    endFrame(this.link.writer, beginFrame(this.link.writer, Kind.ping, 0, 0, 0, 0, 0));
  }

  pong({ callId, low, high }: Frame): void {
    endFrame(this.link.writer, beginFrame(this.link.writer, Kind.pong, 0, 0, callId, low, high));
  }

  goaway(lastCallId: number, reason: GoawayReason, message: string): void {
    writeGoaway(this.link.writer, lastCallId, reason, message);
  }

  /** Begins the last frame of a call, with a load report that does not count it any more. */
  private answer(call: ActiveCall, kind: number): number {
    const { inFlight, latencyMicros } = this.load;
    return beginFrame(this.link.writer, kind, 0, call.served.index, call.id, inFlight - 1, latencyMicros);
  }

  /** Encodes a result or an item into the frame that begins at `start`, and ends the frame. */
  private value(start: number, { served }: ActiveCall, value: unknown): void {
    const { writer } = this.link;
    this.isEncoding = true;
    try {
      served.codec.result.encode(value, writer);
      this.checkSize(writer.length - start - HEADER_BYTES, served.name);
    } catch (thrown) {
      writer.length = start;
      throw misfit(thrown);
    } finally {
      this.isEncoding = false;
    }
    endFrame(writer, start);
  }

  private checkSize(payloadBytes: number, method: string): void {
    const { messageBytesMax } = this;
    if (payloadBytes <= messageBytesMax) return;
    throw new CellError(
      "RESOURCE_EXHAUSTED",
      `the answer of ${method} has ${payloadBytes} bytes, and the limit messageBytesMax is ${messageBytesMax}: ` +
        `return a stream or parts`,
      { data: { limit: "messageBytesMax", messageBytesMax } },
    );
  }
}

/** A result that does not fit its type is a bug of the service, not of the caller. */
function misfit(thrown: unknown): CellError {
  if (thrown instanceof CellError && thrown.code !== "INVALID_ARGUMENT") return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CellError("INTERNAL", message, { cause: thrown });
}
