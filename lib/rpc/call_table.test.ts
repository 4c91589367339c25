import { expect, test } from "bun:test";
import fc from "fast-check";
import { CallTable } from "./call_table.ts";

test("a table finds what was added and not deleted, whatever the ids are", () => {
  // Few low bits and many high ones: most ids meet others in one place.
  const id = fc.tuple(fc.nat(40), fc.nat(3)).map(([low, high]) => ((high * 2 ** 30) + low * 16) >>> 0);
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.boolean()), { maxLength: 300 }), (steps) => {
      const table = new CallTable<{ id: number }>();
      const expected = new Map<number, { id: number }>();
      for (const [id, adds] of steps) {
        expect(table.get(id)).toBe(expected.get(id));
        if (adds && !expected.has(id)) {
          expected.set(id, { id });
          table.add(expected.get(id)!);
        } else if (!adds) {
          expected.delete(id);
          table.delete(id);
        }
        expect(table.size).toBe(expected.size);
      }
      expect(new Set(table.values())).toEqual(new Set(expected.values()));
    }),
    { numRuns: 300 },
  );
});

test("free ids count upwards, skip what is in flight and 0, and displace nothing", () => {
  const table = new CallTable<{ id: number }>();
  let last = 2 ** 32 - 200;
  const stays: number[] = [];
  for (let made = 0; made < 1000; made++) {
    const id = table.freeId(last);
    expect((id - last) | 0).toBeGreaterThan(0);
    expect([id === 0, table.get(id)]).toEqual([false, undefined]);
    table.add({ id });
    if (made % 3 === 0) stays.push(id);
    else table.delete(id);
    last = id;
  }
  expect((table as unknown as { displaced: unknown }).displaced).toBeUndefined();
  expect(table.values().map(({ id }) => id)).toEqual(stays);
});
