import { decode, encode } from "@msgpack/msgpack";
import type { CellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import { beginFrame, endFrame, Flag, type Frame, type Gene, geneOf, Kind } from "../wire/mod.ts";
import { until } from "./test_service.ts";

/** One frame as a raw peer got it. */
export interface RawFrame {
  kind: number;
  flags: number;
  method: number;
  callId: number;
  low: number;
  high: number;
  payload: Uint8Array;
}

/** The other end of a link under test: it says what it likes, frame by frame, and remembers what it was told. */
export class RawPeer {
  frames: RawFrame[] = [];
  closed = false;
  violation: CellError | undefined;

  constructor(readonly link: Link, reads = true) {
    link.start({
      onFrame: (frame: Frame) => {
        const { kind, flags, method, callId, low, high, bytes, start, end } = frame;
        this.frames.push({ kind, flags, method, callId, low, high, payload: bytes.slice(start, end) });
      },
      onOversized: () => {},
      onViolation: (error) => void (this.violation = error),
      onWritable: () => {},
      onClose: () => void (this.closed = true),
    }, 64 * 1024 * 1024);
    if (!reads) link.pause();
  }

  /** Sends any frame; the payload is sent as it is. */
  send(
    kind: number,
    { flags = 0, method = 0, callId = 1, gene = { low: 0, high: 0 }, payload = new Uint8Array(0) }: {
      flags?: number;
      method?: number;
      callId?: number;
      gene?: Gene;
      payload?: Uint8Array;
    } = {},
  ): void {
    const start = beginFrame(this.link.writer, kind, flags, method, callId, gene.low, gene.high);
    this.link.writer.append(payload);
    endFrame(this.link.writer, start);
    this.link.commit();
  }

  /** Sends a request as a client in any language would. */
  request(
    callId: number,
    method: number,
    gene: string,
    args: unknown[],
    metadata?: { [key: string]: unknown },
  ): void {
    const payload = encode(args);
    this.send(Kind.request, {
      flags: metadata === undefined ? 0 : Flag.metadata,
      method,
      callId,
      gene: geneOf(gene),
      payload: metadata === undefined ? payload : Uint8Array.of(...encode(metadata), ...payload),
    });
  }

  /** The first frame of a kind for a call, once it is there. */
  async frame(kind: number, callId: number): Promise<RawFrame> {
    const found = () => this.frames.find((frame) => frame.kind === kind && frame.callId === callId);
    await until(() => found() !== undefined || this.closed);
    const frame = found();
    if (frame === undefined) throw new Error(`closed without a frame of kind ${kind} for call ${callId}`);
    return frame;
  }

  /** The result of a call. */
  async result(callId: number): Promise<unknown> {
    return decode((await this.frame(Kind.response, callId)).payload);
  }

  /** The error of a call. */
  async error(
    callId: number,
  ): Promise<{ code: string; message: string; retryable: boolean; data?: Record<string, unknown> }> {
    return decode((await this.frame(Kind.error, callId)).payload) as never;
  }

  /** What the goaway said, once it is there. */
  async goaway(): Promise<{ reason: string; message: string }> {
    await until(() => this.frames.some(({ kind }) => kind === Kind.goaway));
    return decode(this.frames.find(({ kind }) => kind === Kind.goaway)!.payload) as never;
  }
}
