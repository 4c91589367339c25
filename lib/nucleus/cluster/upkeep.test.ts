import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import { ClockWatch } from "./clock_watch.ts";
import { Upkeep } from "./upkeep.ts";

function world() {
  const state = {
    hosts: ["192.0.2.1"],
    wallMs: 0,
    known: ["192.0.2.1"],
    jumps: 0,
    refreshes: 0,
    refuses: false,
    lines: [] as string[],
  };
  const upkeep = new Upkeep({
    network: { host: "0.0.0.0", addresses: undefined },
    addresses: () => state.known,
    onAddresses(addresses) {
      state.known = addresses;
    },
    onClockJump: () => void state.jumps++,
    refresh() {
      state.refreshes++;
      if (state.refuses) throw new CellError("INTERNAL", "no");
    },
    log: (line) => state.lines.push(line),
    clock: new ClockWatch(() => state.wallMs, () => 0),
    interfaces: () => state.hosts.map((address) => ({ address, family: "IPv4", internal: false })),
  });
  return { state, upkeep };
}

test("a machine that has other addresses says so, and one whose network is away keeps those that it had", () => {
  const { state, upkeep } = world();
  using _upkeep = upkeep;
  upkeep.look();
  state.hosts = [];
  upkeep.look();
  expect([state.known, state.lines]).toEqual([["192.0.2.1"], []]);
  state.hosts = ["192.0.2.9"];
  upkeep.look();
  upkeep.look();
  expect(state.known).toEqual(["192.0.2.9"]);
  expect(state.lines).toEqual(["this machine's addresses have changed: 192.0.2.9 after 192.0.2.1"]);
});

test("a machine that slept makes its certificates anew, whatever else goes wrong, and a failure is told once", () => {
  const { state, upkeep } = world();
  using _upkeep = upkeep;
  state.refuses = true;
  upkeep.look();
  state.wallMs = 3_600_000;
  upkeep.look();
  expect([state.jumps, state.refreshes]).toEqual([1, 2]);
  expect(state.lines).toEqual([
    "error: telling others of this node: no",
    "the time of day has jumped by 3600 s: this node's certificates are made anew",
  ]);
});
