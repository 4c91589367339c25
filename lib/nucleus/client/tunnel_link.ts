import { KIB, toCellError } from "../../base/mod.ts";
import { type Link, lost, type RemotePeer, StreamLink } from "../../net/mod.ts";

/** Bytes that wait for the tunnel to ask for them; beyond, whoever sends has to wait. */
const QUEUED_BYTES_MAX = 256 * KIB;
/** One item of the tunnel's stream. */
const CHUNK_BYTES_MAX = 64 * KIB;

/** Opens a tunnel: what is sent in one direction, for what comes in the other. */
export type OpenTunnel = (outgoing: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void, void>;

/** A link through a tunnel, and the end of the tunnel. */
export interface TunnelLink {
  readonly link: Link;
  /** Resolves when nothing goes through the tunnel any more: with what broke it, if something did. */
  readonly ended: Promise<unknown>;
}

/** Frames over a stream of bytes in each direction, as an agent carries them to another one. */
export function tunnelLink(open: OpenTunnel, peer: RemotePeer): TunnelLink {
  const stream = new TunnelStream();
  // This process writes into the Unix socket of its own agent; what the agents have between them is theirs.
  const link = new StreamLink(stream, peer, "uds");
  return { link, ended: stream.run(open, link) };
}

/** What a `StreamLink` writes into and is fed from. */
class TunnelStream {
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** The link was told that there is no room. */
  #isFull = false;
  #isEnded = false;
  #isPaused = false;
  #wakeSender: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;
  #incoming: AsyncGenerator<Uint8Array, void, void> | undefined;
  #link: StreamLink | undefined;

  write(bytes: Uint8Array<ArrayBuffer>, offset: number, byteCount: number): number {
    if (this.#isEnded) return -1;
    const taken = Math.min(byteCount, QUEUED_BYTES_MAX - this.#queuedBytes);
    for (let at = 0; at < taken; at += CHUNK_BYTES_MAX) {
      this.#queue.push(bytes.slice(offset + at, offset + Math.min(taken, at + CHUNK_BYTES_MAX)));
    }
    this.#queuedBytes += taken;
    this.#isFull = taken < byteCount;
    this.#wakeSender?.();
    return taken;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wakeReader?.();
  }

  /** The connection to the own agent decides about that. */
  ref(): void {}
  unref(): void {}

  end(): void {
    this.#isEnded = true;
    this.#wakeSender?.();
    this.#wakeReader?.();
  }

  terminate(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.end();
    // What ends the other direction has nothing to say to anybody.
    this.#incoming?.return().catch(() => {});
  }

  /** Moves bytes both ways until one side ends; resolves to what broke the tunnel. */
  async run(open: OpenTunnel, link: StreamLink): Promise<unknown> {
    this.#link = link;
    try {
      this.#incoming = open(this.#outgoing());
      for await (const chunk of this.#incoming) {
        link.onData(chunk);
        while (this.#isPaused && !this.#isEnded) {
          await new Promise<void>((resolve) => (this.#wakeReader = resolve));
        }
      }
      if (!this.#isEnded) link.destroy(lost("the tunnel was closed at its other end"));
      return undefined;
    } catch (error) {
      if (this.#isEnded) return undefined;
      link.destroy(toCellError(error, "UNAVAILABLE"));
      return error;
    }
  }

  async *#outgoing(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.length;
        yield chunk;
        this.#tellRoom();
      } else if (this.#isEnded) return;
      else await new Promise<void>((resolve) => (this.#wakeSender = resolve));
    }
  }

  #tellRoom(): void {
    if (!this.#isFull || this.#queuedBytes > QUEUED_BYTES_MAX / 2) return;
    this.#isFull = false;
    this.#link!.onDrain();
  }
}
