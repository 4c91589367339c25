import { Duplex } from "node:stream";
import { KIB } from "../../base/mod.ts";

/** As much as one direction of a pipe holds before its writer has to wait; a little more when one write is larger. */
export const PIPE_BYTES = 64 * KIB;

/** Gives bytes to the far end and returns those that come from there: what a call with a stream each way is. */
export type Exchange = (outgoing: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * A stream of bytes both ways through `exchange`, which is called at once. Neither side holds more than PIPE_BYTES for a far
 * end that does not keep up. Whatever ends, one direction or the pipe itself, ends everything.
 */
export function bytePipe(exchange: Exchange): Duplex {
  const outbox = new Outbox();
  const incoming = exchange(outbox.chunks())[Symbol.asyncIterator]();
  const pipe: Duplex = new Duplex({
    highWaterMark: PIPE_BYTES,
    allowHalfOpen: false,
    write: (chunk: Uint8Array, _, done) => outbox.put(chunk, done),
    writev: (writes, done) => outbox.put(Buffer.concat(writes.map(({ chunk }) => chunk)), done),
    final(done) {
      outbox.end();
      done();
    },
    read() {
      incoming.next().then(
        ({ done, value }) => void pipe.push(done ? null : value),
        (error: Error) => pipe.destroy(error),
      );
    },
    destroy(error, done) {
      outbox.end();
      // An exchange that has failed has nothing to end.
      incoming.return?.().catch(() => {});
      done(error);
    },
  });
  return pipe;
}

/** One piece of bytes that waits until it is asked for. */
class Outbox {
  private piece: Uint8Array | undefined;
  private onTaken: () => void = () => {};
  private wake: () => void = () => {};
  private ended = false;

  /** Keeps `piece`, and calls back when the next one is welcome. */
  put(piece: Uint8Array, onTaken: () => void): void {
    this.piece = piece;
    this.onTaken = onTaken;
    this.wake();
  }

  /** What is there is still given out. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      while (true) {
        const { piece } = this;
        if (piece !== undefined) {
          this.piece = undefined;
          yield piece;
          this.onTaken();
        } else if (this.ended) return;
        else await new Promise<void>((resolve) => this.wake = resolve);
      }
    } finally {
      this.ended = true;
      // Nobody asks for bytes any more: what is written from here on is lost with the pipe.
      this.put = (_, onTaken) => onTaken();
      this.onTaken();
    }
  }
}
