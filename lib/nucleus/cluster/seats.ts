import { CellError } from "../../base/mod.ts";

/** How many may be taken. */
export interface SeatsOptions {
  readonly max: number;
  /** By one node, so that none takes all of them. */
  readonly nodeMax: number;
}

/** Counts what others have open here, in all and of each node. */
export class Seats {
  #taken = 0;
  /** Of nodes that have any. */
  readonly #byNode = new Map<string, number>();

  constructor(private readonly options: SeatsOptions) {}

  get taken(): number {
    return this.#taken;
  }

  /** Takes one until the result is disposed. Throws RESOURCE_EXHAUSTED, saying `what` was attempted. */
  take(node: string, what: string): Disposable {
    const { max, nodeMax } = this.options;
    const own = this.#byNode.get(node) ?? 0;
    if (this.#taken >= max) throw tooMany(`${what}: ${max} such connections are open already`);
    if (own >= nodeMax) throw tooMany(`${what}: this node has ${nodeMax} such connections open already`);
    this.#taken++;
    this.#byNode.set(node, own + 1);
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#leave(node);
        isTaken = false;
      },
    };
  }

  #leave(node: string): void {
    this.#taken--;
    const left = this.#byNode.get(node)! - 1;
    if (left === 0) this.#byNode.delete(node);
    else this.#byNode.set(node, left);
  }
}

function tooMany(message: string): CellError {
  return new CellError("RESOURCE_EXHAUSTED", message, { retryable: true, data: { started: false } });
}
