/** What the first answer of a stream brought. */
interface Beginning {
  readonly items: AsyncGenerator<unknown, void, void>;
  readonly first: IteratorResult<unknown, void>;
}

/** Asks `items` for its first item; the call may be made again until that has arrived. */
type Begin = (items: AsyncGenerator<unknown, void, void>) => Promise<Beginning>;

/**
 * A stream whose call may be made again until its first answer arrives, and never afterwards: the items that were handed
 * out cannot be taken back. Once it has begun, `next` costs nothing more than that of the stream behind it.
 */
export class RetriedStream implements AsyncGenerator<unknown, void, void> {
  /** It was returned, or its call failed: no further attempt is made. */
  isOver = false;
  /** The stream of the attempt that succeeded. */
  #items: AsyncGenerator<unknown, void, void> | undefined;
  /** The stream of the attempt that was made last. */
  #attempt: AsyncGenerator<unknown, void, void> | undefined;
  #beginning: Promise<Beginning> | undefined;

  /** `open` makes attempts until one succeeds, and calls `begin` with the stream of each. */
  constructor(private readonly open: (begin: Begin) => Promise<Beginning>) {}

  next(): Promise<IteratorResult<unknown, void>> {
    if (this.#items !== undefined) return this.#items.next();
    if (this.isOver) return Promise.resolve(done());
    if (this.#beginning !== undefined) return this.#beginning.then(({ items }) => items.next());
    this.#beginning = this.open((items) => this.#begin(items));
    return this.#beginning.then(
      ({ items, first }) => {
        this.#items = items;
        return first;
      },
      (error: unknown) => {
        // Whoever has returned the stream does not want to hear why it did not begin.
        if (this.isOver) return done();
        this.isOver = true;
        throw error;
      },
    );
  }

  async return(): Promise<IteratorResult<unknown, void>> {
    this.isOver = true;
    await this.#attempt?.return();
    return done();
  }

  async throw(error: unknown): Promise<IteratorResult<unknown, void>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #begin(items: AsyncGenerator<unknown, void, void>): Promise<Beginning> {
    this.#attempt = items;
    if (this.isOver) await items.return();
    return { items, first: await items.next() };
  }
}

function done(): IteratorResult<unknown, void> {
  return { done: true, value: undefined };
}
