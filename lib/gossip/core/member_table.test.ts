import { expect, test } from "bun:test";
import { seededRandom } from "../../base/mod.ts";
import { isLive, type Member } from "./member.ts";
import { MemberTable } from "./member_table.ts";
import { ProbeOrder } from "./probe_order.ts";
import { idOf } from "./testing/fake_record.ts";

function member(number: number): Member {
  return {
    id: idOf(number),
    incarnation: 0,
    state: "alive",
    address: `${number}`,
    record: new Uint8Array(1),
    sinceMs: 0,
    suspicion: undefined,
    index: 0,
    addressBefore: undefined,
    movedAtMs: 0,
    conflictAtMs: 0,
  };
}

function tableOf(count: number, membersMax = count) {
  const table = new MemberTable(membersMax, seededRandom(3));
  const members = Array.from({ length: count }, (_, index) => member(index));
  for (const one of members) table.add(one);
  return { table, members };
}

test("members are counted by their state, through all its changes", () => {
  const { table, members } = tableOf(6);
  table.setState(members[0]!, "failed", 1);
  table.setState(members[1]!, "left", 2);
  table.setState(members[2]!, "suspect", 3);
  expect([table.size, table.live, table.failed]).toEqual([6, 4, 1]);
  table.setState(members[0]!, "left", 4);
  table.setState(members[1]!, "alive", 5);
  table.remove(members[5]!);
  expect([table.size, table.live, table.failed]).toEqual([5, 4, 0]);
  table.setState(members[0]!, "left", 6);
  expect(members[0]!.sinceMs).toBe(4);
});

test("removing keeps every other one where it can be found", () => {
  const { table, members } = tableOf(10);
  for (const index of [0, 9, 4]) table.remove(members[index]!);
  const left = members.filter((_, index) => ![0, 9, 4].includes(index));
  expect(table.values().toSorted((one, other) => one.id < other.id ? -1 : 1)).toEqual(left);
  for (const one of left) expect([table.get(one.id), table.values()[one.index]]).toEqual([one, one]);
});

test("a full table says so, and who is gone for longest", () => {
  const { table, members } = tableOf(3);
  expect([table.isFull, table.goneLongest]).toEqual([true, undefined]);
  table.setState(members[2]!, "failed", 1);
  table.setState(members[0]!, "left", 2);
  expect(table.goneLongest).toBe(members[2]!);
  expect([...table.goneSince(1)]).toEqual([members[2]!]);
  table.remove(members[2]!);
  expect([table.isFull, table.goneLongest]).toEqual([false, members[0]!]);
});

test("drawing finds different ones that fit, all of them when there are few", () => {
  for (const count of [1, 5, 500]) {
    const { table, members } = tableOf(count);
    for (const one of members) if (one.index % 5 !== 0) table.setState(one, "failed", 0);
    const fitting = Math.ceil(count / 5);
    for (let draws = 0; draws < 50; draws++) {
      const drawn = table.draw(3, isLive);
      expect(new Set(drawn).size).toBe(Math.min(3, fitting));
      expect(drawn.every(isLive)).toBe(true);
    }
  }
});

test("drawing prefers nobody", () => {
  const { table } = tableOf(50);
  const counts = new Map<Member, number>();
  for (let draws = 0; draws < 10_000; draws++) {
    for (const one of table.draw(3, isLive)) counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(count).toBeWithin(500, 700);
  expect(counts.size).toBe(50);
});

test("any failed one can be drawn, and nobody else", () => {
  const { table, members } = tableOf(10);
  expect(table.anyFailed()).toBeUndefined();
  for (const index of [1, 3, 5]) table.setState(members[index]!, "failed", 0);
  table.setState(members[7]!, "left", 0);
  const drawn = new Set(Array.from({ length: 100 }, () => table.anyFailed()));
  expect(drawn).toEqual(new Set([members[1]!, members[3]!, members[5]!]));
});

test("an order of probes forgets who is gone and stays bounded, whoever comes and goes between", () => {
  const { table } = tableOf(0, 10);
  let looks = 0;
  const order = new ProbeOrder(10, seededRandom(4), (one) => (looks++, table.get(one.id) === one));
  for (let number = 0; number < 1_000; number++) {
    const one = member(number);
    table.add(one);
    order.add(one);
    if (number !== 500) table.remove(one);
  }
  looks = 0;
  expect(order.next()?.id).toBe(idOf(500));
  expect(looks).toBeLessThanOrEqual(40);
  table.remove(table.values()[0]!);
  expect(order.next()).toBeUndefined();
});

test("the newest live members are found without looking at all", () => {
  const { table, members } = tableOf(10);
  table.setState(members[9]!, "failed", 1);
  table.setState(members[7]!, "suspect", 1);
  expect(table.newestLive(3)).toEqual([8, 7, 6].map(idOf));
  expect(table.newestLive(100)).toHaveLength(9);
});
