import { Flag, type Frame, type Metadata, readMetadata } from "../wire/mod.ts";

/** Longer maps are read every time. */
const REMEMBERED_BYTES_MAX = 64;

/**
 * What travels beside the arguments of one connection's requests, read for one request at a time. A client that has no more
 * to say than which service it is says so in the same bytes with every call: comparing them takes 50 ns less than reading.
 */
export class RequestMetadata implements Metadata {
  deadlineMs: number | undefined = undefined;
  trace: string | undefined = undefined;
  service: string | undefined = undefined;

  /** The last map that named a service and nothing else, and that service. */
  private rememberedBytes = new Uint8Array(0);
  private rememberedService: string | undefined = undefined;

  /** Reads the metadata of a request and returns where its arguments begin. Throws INVALID_ARGUMENT. */
  read({ flags, bytes, start, end }: Frame): number {
    if ((flags & Flag.metadata) === 0) {
      this.deadlineMs = this.trace = this.service = undefined;
      return start;
    }
    if (this.isRemembered(bytes, start, end)) {
      this.deadlineMs = this.trace = undefined;
      this.service = this.rememberedService;
      return start + this.rememberedBytes.length;
    }
    const argsStart = readMetadata(bytes, start, end, this);
    const { deadlineMs, trace, service } = this;
    const isConstant = deadlineMs === undefined && trace === undefined && service !== undefined;
    if (isConstant && argsStart - start <= REMEMBERED_BYTES_MAX) {
      this.rememberedBytes = bytes.slice(start, argsStart);
      this.rememberedService = service;
    }
    return argsStart;
  }

  /** A map says where it ends, so bytes that begin with one are that one. */
  private isRemembered(bytes: Uint8Array, start: number, end: number): boolean {
    const { rememberedBytes } = this;
    const { length } = rememberedBytes;
    if (length === 0 || length > end - start) return false;
    for (let index = 0; index < length; index++) if (bytes[start + index] !== rememberedBytes[index]) return false;
    return true;
  }
}
