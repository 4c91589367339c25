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
  #items: AsyncGenerator<unknown, void, void> | undefined;
  #beginning: Promise<Beginning> | undefined;
  #isReturned = false;

  constructor(private readonly open: (begin: Begin) => Promise<Beginning>) {}

  next(): Promise<IteratorResult<unknown, void>> {
    if (this.#items !== undefined) return this.#items.next();
    if (this.#isReturned) return Promise.resolve({ done: true, value: undefined });
    if (this.#beginning !== undefined) return this.#beginning.then(({ items }) => items.next());
    this.#beginning = this.open(async (items) => ({ items, first: await items.next() }));
    return this.#beginning.then(({ items, first }) => {
      this.#items = items;
      return first;
    });
  }

  async return(): Promise<IteratorResult<unknown, void>> {
    this.#isReturned = true;
    const items = this.#items ?? (await this.#beginning?.catch(() => undefined))?.items;
    return items === undefined ? { done: true, value: undefined } : items.return();
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
}
