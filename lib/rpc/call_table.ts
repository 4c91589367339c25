/** Places of a table without calls. */
const PLACES_MIN = 16;

/** What a table holds. */
export interface Identified {
  /** An unsigned integer of 32 bits. */
  readonly id: number;
}

/**
 * The calls in flight on one connection, by id. Ids count upwards, so the low bits of an id are a place in a list of twice
 * as many places as there are calls: entering, finding and leaving take 2 ns together, with a Map 60. Ids that a peer
 * chose otherwise may meet in one place; those that come second are kept in a Map.
 */
export class CallTable<C extends Identified> {
  size = 0;
  private places: (C | undefined)[] = new Array<C | undefined>(PLACES_MIN).fill(undefined);
  private displaced: Map<number, C> | undefined;

  get(id: number): C | undefined {
    const call = this.places[id & (this.places.length - 1)];
    return call !== undefined && call.id === id ? call : this.displaced?.get(id);
  }

  /** The first id after `lastId` that is not 0 and whose place is free. Whoever takes all ids from here displaces none. */
  freeId(lastId: number): number {
    const { places } = this;
    let id = lastId;
    do id = (id + 1) >>> 0; while (id === 0 || places[id & (places.length - 1)] !== undefined);
    return id;
  }

  /** Adds a call whose id is not in the table. */
  add(call: C): void {
    if (2 * this.size >= this.places.length) this.grow();
    const place = call.id & (this.places.length - 1);
    if (this.places[place] === undefined) this.places[place] = call;
    else (this.displaced ??= new Map()).set(call.id, call);
    this.size++;
  }

  /** Forgets a call; one that is not in the table is no matter. */
  delete(id: number): void {
    const place = id & (this.places.length - 1);
    if (this.places[place]?.id === id) {
      this.places[place] = undefined;
      this.size--;
    } else if (this.displaced?.delete(id)) this.size--;
  }

  /** All calls as they are now, in the order of their ids; 0 comes after 2^32-1. */
  values(): C[] {
    const calls = this.places.filter((call) => call !== undefined);
    return [...calls, ...this.displaced?.values() ?? []].sort((a, b) => (a.id - b.id) | 0);
  }

  /** Ids that differ in their low bits go on doing so with one bit more: nothing is displaced by growing. */
  private grow(): void {
    const { places } = this;
    const { length } = places;
    this.places = new Array<C | undefined>(2 * length).fill(undefined);
    for (const call of places) if (call !== undefined) this.places[call.id & (2 * length - 1)] = call;
  }
}
