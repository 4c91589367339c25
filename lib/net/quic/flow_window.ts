import type { QuicStream } from "./runtime.ts";

/** What a side may send before the other one has said anything: enough for introductions and the first calls. */
export const INITIAL_WINDOW_BYTES = 64 * 1024;
/** A grant: how many bytes may have been sent altogether, as a little-endian unsigned integer. */
const GRANT_BYTES = 8;
/** A grant is sent when this share of the window would be free by it. */
const GRANT_SHARE = 1 / 4;

/**
 * How much each side may send: absolute numbers of bytes, said on a stream of their own. The runtime takes in whatever a
 * peer sends and holds it for a reader that does not read, whatever windows it was told (bytes without end, measured), so
 * the windows of QUIC itself bound nothing.
 */
export class FlowWindow {
  private limit = INITIAL_WINDOW_BYTES;
  private granted = INITIAL_WINDOW_BYTES;
  private sent = 0;
  private consumed = 0;
  private stream: QuicStream | undefined;
  /** The bytes of a grant whose rest is still to come. */
  private partial: Uint8Array = new Uint8Array(0);

  constructor(private readonly windowBytes: number, private readonly onRoom: () => void) {}

  /** Bytes that may be sent now. */
  get room(): number {
    return this.limit - this.sent;
  }

  /** The stream for grants, in both directions; says at once what the peer may send. */
  open(stream: QuicStream): void {
    this.stream = stream;
    stream.onerror = () => {};
    this.grant();
    this.read(stream).catch(() => {});
  }

  onSent(byteCount: number): void {
    this.sent += byteCount;
  }

  /** Bytes were read and handed on. */
  onConsumed(byteCount: number): void {
    this.consumed += byteCount;
    if (this.consumed + this.windowBytes - this.granted >= this.windowBytes * GRANT_SHARE) this.grant();
  }

  /** Whether a peer whose `heldBytes` wait to be read has sent more than it may. */
  isOverrun(heldBytes: number): boolean {
    return this.consumed + heldBytes > this.granted;
  }

  private grant(): void {
    const limit = this.consumed + this.windowBytes;
    if (this.stream === undefined || limit <= this.granted) return;
    const bytes = new Uint8Array(GRANT_BYTES);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(limit), true);
    // A peer that does not read its grants gets no further ones until it does.
    if (this.stream.writer.writeSync(bytes)) this.granted = limit;
  }

  private async read(stream: QuicStream): Promise<void> {
    for await (const batch of stream) for (const chunk of batch) this.onGrants(chunk);
  }

  private onGrants(chunk: Uint8Array): void {
    const bytes = this.partial.length === 0 ? chunk : Buffer.concat([this.partial, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const whole = bytes.length - bytes.length % GRANT_BYTES;
    const before = this.limit;
    for (let offset = 0; offset < whole; offset += GRANT_BYTES) {
      this.limit = Math.max(this.limit, Number(view.getBigUint64(offset, true)));
    }
    this.partial = bytes.slice(whole);
    if (this.limit > before) this.onRoom();
  }
}
