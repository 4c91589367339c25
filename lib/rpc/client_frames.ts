import { CellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import {
  beginFrame,
  endFrame,
  Flag,
  type Frame,
  HEADER_BYTES,
  Kind,
  type MetadataWriter,
  writeGoaway,
  writeUint,
} from "../wire/mod.ts";
import { itemCost } from "./incoming_stream.ts";
import type { PendingCall } from "./pending_call.ts";

/** What a client's frames need to know beside the call. */
export interface ClientFramesOwner {
  readonly metadata: MetadataWriter;
  /** The server's name, as far as it is known. */
  readonly service: string;
  /** What the server reads at most. */
  readonly messageBytesMax: number;
}

/** Writes a client's frames into its link. Nothing is committed here: whoever decides that a frame is sent does it. */
export class ClientFrames {
  /** A value is being written: user code that runs meanwhile must not write another frame into this one. */
  isEncoding = false;

  constructor(private readonly link: Link, private readonly owner: ClientFramesOwner) {}

  /**
   * A call's request; returns how many bytes it has. Throws when the arguments do not fit or user code among them ended the
   * call; nothing is written then.
   */
  request(call: PendingCall, callId: number): number {
    const method = call.method!;
    const { writer } = this.link;
    const { metadata } = this.owner;
    const { low, high } = method.gene;
    const deadlineMs = call.sentDeadlineMs();
    const { trace } = call;
    const hasMetadata = deadlineMs !== undefined || trace !== undefined || !metadata.isEmpty;
    const start = beginFrame(writer, Kind.request, hasMetadata ? Flag.metadata : 0, method.index, callId, low, high);
    this.isEncoding = true;
    try {
      if (hasMetadata) metadata.write(writer, deadlineMs, trace);
      method.codec.args.encode(call.encodableArgs() as unknown[], writer);
      this.checkSize(writer.length - start - HEADER_BYTES, "arguments", call.name);
      if (call.isOver) throw new CellError("CANCELLED", "the call was ended while its arguments were being written");
    } catch (thrown) {
      writer.length = start;
      throw thrown;
    } finally {
      this.isEncoding = false;
    }
    endFrame(writer, start);
    return writer.length - start;
  }

  /** One item of the caller's stream; returns what it takes from the credit. Throws when it does not fit. */
  item(call: PendingCall, value: unknown): number {
    const { writer } = this.link;
    const start = beginFrame(writer, Kind.item, 0, call.method!.index, call.id, 0, 0);
    this.isEncoding = true;
    try {
      call.method!.codec.streamParam!.encode(value, writer);
      this.checkSize(writer.length - start - HEADER_BYTES, "stream item", call.name);
    } catch (thrown) {
      writer.length = start;
      throw thrown;
    } finally {
      this.isEncoding = false;
    }
    endFrame(writer, start);
    return itemCost(writer.length - start - HEADER_BYTES);
  }

  /** The caller's stream has ended. */
  end(call: PendingCall): void {
    this.empty(Kind.end, call);
  }

  cancel(call: PendingCall): void {
    this.empty(Kind.cancel, call);
  }

  credit({ method, id }: PendingCall, bytes: number): void {
    const { writer } = this.link;
    const start = beginFrame(writer, Kind.credit, 0, method!.index, id, 0, 0);
    writeUint(writer, bytes);
    endFrame(writer, start);
  }

  ping(): void {
    endFrame(this.link.writer, beginFrame(this.link.writer, Kind.ping, 0, 0, 0, 0, 0));
  }

  pong({ callId, low, high }: Frame): void {
    endFrame(this.link.writer, beginFrame(this.link.writer, Kind.pong, 0, 0, callId, low, high));
  }

  /** The server broke the protocol. */
  goaway(message: string): void {
    writeGoaway(this.link.writer, 0, "protocol", message);
  }

  private empty(kind: number, { method, id }: PendingCall): void {
    endFrame(this.link.writer, beginFrame(this.link.writer, kind, 0, method!.index, id, 0, 0));
  }

  private checkSize(payloadBytes: number, what: string, name: string): void {
    const { messageBytesMax, service } = this.owner;
    if (payloadBytes <= messageBytesMax) return;
    throw new CellError(
      "RESOURCE_EXHAUSTED",
      `calling ${service}.${name}: the ${what} would have ${payloadBytes} bytes, and the server reads ${messageBytesMax} ` +
        `at most (its limit messageBytesMax): send a stream or parts`,
      { data: { limit: "messageBytesMax", messageBytesMax } },
    );
  }
}
