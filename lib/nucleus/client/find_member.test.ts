import { expect, test } from "bun:test";
import type { Member, MemberState } from "./cluster_api.ts";
import { findMember } from "./find_member.ts";

function member(name: string, id: string, state: MemberState = "alive"): Member {
  return {
    name,
    id: id.padEnd(32, "0"),
    address: "192.0.2.7:9043",
    state,
    sinceMs: 0,
    region: "default",
    zone: "default",
    version: "0.4.0",
    instances: 0,
    isAuthority: false,
    isSelf: false,
  };
}

const MEMBERS = [
  member("pi-kitchen", "aaaa1111"),
  member("pi-garden", "bbbb2222"),
  member("old", "cccc3333", "failed"),
  member("old", "cccc4444", "left"),
  member("board", "dddd5555", "left"),
  member("board", "eeee6666", "suspect"),
  member("twin", "ffff1111"),
  member("twin", "ffff2222"),
];

test("a node is found by its name, its id, and the digits of the id that are shown", () => {
  for (const node of ["pi-garden", "bbbb2222", "bbbb2222".padEnd(32, "0")]) {
    expect(findMember(MEMBERS, node).name, node).toBe("pi-garden");
  }
});

test("of several with one name those that have gone do not count", () => {
  expect(findMember(MEMBERS, "board").id).toStartWith("eeee6666");
});

test("where several are meant the error has their ids", () => {
  expect(() => findMember(MEMBERS, "twin")).toThrow(
    '2 nodes are meant by "twin": write one of their ids: ffff1111 (twin)',
  );
  expect(() => findMember(MEMBERS, "old")).toThrow("cccc3333 (old), cccc4444 (old)");
});

test("an unknown node is an error with near names, else with those that are there", () => {
  expect(() => findMember(MEMBERS, "pi-gardn")).toThrow(
    'there is no node "pi-gardn" in the cluster. Did you mean pi-garden?',
  );
  expect(() => findMember(MEMBERS, "zzzzzzzzzz")).toThrow("Its nodes are pi-kitchen, pi-garden, old,");
  expect(() => findMember(MEMBERS.slice(0, 1), "zzzzzzzzzz")).toThrow("cell token create lets others join");
  // Fewer digits than are shown may be anybody's.
  expect(() => findMember(MEMBERS, "bbbb222")).toThrow("there is no node");
});
