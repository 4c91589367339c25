import { CellError } from "../base/mod.ts";
import { HEADER_BYTES } from "../wire/mod.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";

/** Credit goes back in portions of this size, so that a small item costs no frame of its own. */
const CREDIT_PORTION_BYTES = STREAM_WINDOW_BYTES / 2;

const END: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** What an item takes from its direction's credit: empty items are not free, or their number would have no bound. */
export function itemCost(payloadBytes: number): number {
  return HEADER_BYTES + payloadBytes;
}

/** Whom an incoming stream tells what its consumer does. */
export interface IncomingStreamOwner {
  /** The consumer has room for `bytes` more. */
  grantCredit(bytes: number): void;
  /** The consumer wants no further items; the stream has ended for it. Not called after `end` or `fail`. */
  onReturn(): void;
}

interface Consumer {
  resolve(result: IteratorResult<unknown, void>): void;
  reject(error: unknown): void;
}

/**
 * The items that arrive in one direction of a call, as what the code that reads them iterates over. At most
 * STREAM_WINDOW_BYTES and one item wait here; the sender has to stop until the consumer has taken half of that.
 */
export class IncomingStream implements AsyncGenerator<unknown, void, void> {
  private items: unknown[] = [];
  private costs: number[] = [];
  private head = 0;
  /** What the sender may still send. */
  private creditBytes = STREAM_WINDOW_BYTES;
  private consumedBytes = 0;
  private consumers: Consumer[] = [];
  private over = false;
  private error: CellError | undefined;

  constructor(private readonly owner: IncomingStreamOwner) {}

  /** Whether no item can come any more. */
  get isOver(): boolean {
    return this.over;
  }

  /** An item arrived. Throws INVALID_ARGUMENT when the sender had no credit left for it. */
  push(value: unknown, payloadBytes: number): void {
    if (this.over) return;
    if (this.creditBytes <= 0) {
      throw new CellError("INVALID_ARGUMENT", "a stream item was sent without credit for it");
    }
    const cost = itemCost(payloadBytes);
    this.creditBytes -= cost;
    const consumer = this.consumers.shift();
    if (consumer === undefined) {
      this.items.push(value);
      this.costs.push(cost);
    } else {
      this.consumed(cost);
      consumer.resolve({ value, done: false });
    }
  }

  /** No further items come; the ones that wait are still delivered. */
  end(): void {
    if (this.over) return;
    this.over = true;
    for (const consumer of this.consumers.splice(0)) consumer.resolve(END);
  }

  /** The stream broke: after the items that wait, the consumer gets `error`. */
  fail(error: CellError): void {
    if (this.over) return;
    this.over = true;
    const [first, ...others] = this.consumers.splice(0);
    if (first === undefined) this.error = error;
    else first.reject(error);
    for (const consumer of others) consumer.resolve(END);
  }

  next(): Promise<IteratorResult<unknown, void>> {
    if (this.head < this.items.length) {
      const value = this.items[this.head];
      this.items[this.head] = undefined;
      this.consumed(this.costs[this.head]!);
      if (++this.head === this.items.length) this.forgetItems();
      return Promise.resolve({ value, done: false });
    }
    const { error } = this;
    if (error !== undefined) {
      this.error = undefined;
      return Promise.reject(error);
    }
    if (this.over) return Promise.resolve(END);
    return new Promise((resolve, reject) => this.consumers.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<unknown, void>> {
    this.forgetItems();
    this.error = undefined;
    if (!this.over) {
      this.end();
      this.owner.onReturn();
    }
    return Promise.resolve(END);
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

  private consumed(cost: number): void {
    this.consumedBytes += cost;
    if (this.over || this.consumedBytes < CREDIT_PORTION_BYTES) return;
    const granted = this.consumedBytes;
    this.consumedBytes = 0;
    this.creditBytes += granted;
    this.owner.grantCredit(granted);
  }

  private forgetItems(): void {
    this.items = [];
    this.costs = [];
    this.head = 0;
  }
}
