/** What replicas are spread over. */
export type SpreadBy = "region" | "zone" | "node";

export const SPREADS: readonly SpreadBy[] = ["region", "zone", "node"];

/** Where a node is. */
export interface Place {
  readonly name: string;
  readonly region: string;
  readonly zone: string;
}

/** Gives out places one after the other, over and over. */
type Rotation<T> = () => T;

/**
 * How many of `count` replicas each place is given, in the order of `places`. One after the other goes to the next region,
 * zone or node, and what is next is as far away as possible: of two replicas by node, the second is in another region if
 * there is one, else in another zone. Larger regions and zones come first, then the order is that of the names, so that the
 * same places get the same shares again. The shares of a smaller count are never above those of a larger one.
 */
export function spread(places: readonly Place[], by: SpreadBy, count: number): number[] {
  if (places.length === 0) return [];
  const shares = new Map(places.map((place) => [place, 0]));
  const next = rotationBy(places, by);
  for (let replica = 0; replica < count; replica++) {
    const place = next();
    shares.set(place, shares.get(place)! + 1);
  }
  return places.map((place) => shares.get(place)!);
}

function rotationBy(places: readonly Place[], by: SpreadBy): Rotation<Place> {
  const regions = groups(places, ({ region }) => region).map((region) => groups(region, ({ zone }) => zone));
  switch (by) {
    case "region":
      return rotation(regions.map((zones) => rotation(zones.map((nodes) => around(nodes)))));
    case "zone":
      return rotation(interleaved(regions).map((nodes) => around(nodes)));
    case "node":
      return around(interleaved(regions.map(interleaved)));
  }
}

/** The largest group first, then by name; its items by name. */
function groups(places: readonly Place[], keyOf: (place: Place) => string): Place[][] {
  return [...Map.groupBy(places, keyOf)]
    .sort(([a, first], [b, second]) => second.length - first.length || compare(a, b))
    .map(([, group]) => group.toSorted((a, b) => compare(a.name, b.name)));
}

/** The first of every list, then the second of every list that has one, and so on. */
function interleaved<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

function around<T>(items: readonly T[]): Rotation<T> {
  let at = 0;
  return () => items[at++ % items.length]!;
}

function rotation<T>(rotations: readonly Rotation<T>[]): Rotation<T> {
  const next = around(rotations);
  return () => next()();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
