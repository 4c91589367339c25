/** A class is a service too: one instance, its public methods are the methods. */
export default class Counter {
  #count = 0;

  /** Adds to the count and returns it. */
  increment(by = 1): number {
    this.#count += by;
    return this.#count;
  }

  read(): number {
    return this.#count;
  }
}
