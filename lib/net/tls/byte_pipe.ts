import { Duplex } from "node:stream";
import { Outbox, PIPE_BYTES } from "./outbox.ts";

/** Bytes both ways, that lead to a port. */
export interface Pipe extends Duplex {
  /** Keeps the process alive, when what carries the bytes can. */
  ref?(): void;
  unref?(): void;
}

/** What carries the bytes of a pipe, such as the link of a relay. */
export type Carrier = Required<Pick<Pipe, "ref" | "unref">>;

/** Gives bytes to the far end and returns those that come from there: what a call with a stream each way is. */
export type Exchange = (outgoing: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * A stream of bytes both ways through `exchange`, which is called at once. Neither direction holds more than PIPE_BYTES and
 * one write for a far end that does not keep up. The end of what comes back ends everything, as that of the pipe itself
 * does. A link over this pipe lets `carrier` keep the process alive, or not.
 */
export function bytePipe(exchange: Exchange, carrier?: Carrier): Pipe {
  const outbox = new Outbox();
  const incoming = exchange(outbox.chunks())[Symbol.asyncIterator]();
  const pipe = new Duplex({
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
  if (carrier === undefined) return pipe;
  return Object.assign(pipe, { ref: () => carrier.ref(), unref: () => carrier.unref() });
}
