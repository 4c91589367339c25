import type { IncomingStream } from "./incoming_stream.ts";

/**
 * The result stream of a call, as its caller iterates over it. The call is made by the first `next()`: a stream that
 * nobody reads must not leave a call behind.
 */
export class RemoteStream implements AsyncGenerator<unknown, void, void> {
  private stream: IncomingStream | undefined;
  private returned = false;

  constructor(private readonly start: () => IncomingStream) {}

  next(): Promise<IteratorResult<unknown, void>> {
    if (this.returned) return Promise.resolve({ value: undefined, done: true });
    return (this.stream ??= this.start()).next();
  }

  return(): Promise<IteratorResult<unknown, void>> {
    this.returned = true;
    return this.stream?.return() ?? Promise.resolve({ value: undefined, done: true });
  }

  async throw(error: unknown): Promise<IteratorResult<unknown, void>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
