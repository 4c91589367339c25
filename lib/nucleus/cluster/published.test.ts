import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import type { Advertisement } from "../client/mod.ts";
import type { LocalNode } from "./local_node.ts";
import { Presences } from "./presences.ts";
import { Published } from "./published.ts";

const ad = (instance: string, quicPort = 1): Advertisement => ({
  service: "hello",
  instance,
  species: "0".repeat(16),
  release: null,
  quicPort,
  tlsPort: 0,
  isRestricted: false,
});

/** A gossip that refuses what `refused` says. */
function world() {
  const lines: string[] = [];
  const told = new Set<string>();
  const state: { refusal: CellError | undefined } = { refusal: undefined };
  const gossip = {
    publish({ instance, quicPort }: { instance: string; quicPort: number }) {
      if (quicPort > 65_535) throw new CellError("INVALID_ARGUMENT", "no such port");
      if (state.refusal !== undefined) throw state.refusal;
      told.add(instance);
    },
    withdraw: (_service: string, instance: string) => void told.delete(instance),
  };
  const node = { conditions: () => new Map() } as unknown as LocalNode;
  const presences: Presences = new Presences((instance, advertisement) =>
    published.onPresence(instance, advertisement)
  );
  const published = new Published(gossip, node, presences, (line) => lines.push(line));
  return { presences, published, lines, told, state };
}

test("an instance with ports that cannot be is refused, and keeps nobody else from being told of", () => {
  const { presences, published, told } = world();
  expect(() => presences.add(ad("bad@1", 70_000))).toThrow("no such port");
  presences.add(ad("good@1"));
  told.clear();
  published.refresh();
  expect([...told]).toEqual(["good@1"]);
});

test("what there is no room for is told once, and offered when there is room", () => {
  const { presences, published, told, lines, state } = world();
  state.refusal = new CellError("RESOURCE_EXHAUSTED", "too many entries");
  const leave = presences.add(ad("hello@1"));
  for (let round = 0; round < 10; round++) published.refresh();
  expect(lines).toEqual(["error: offering hello@1 to others: too many entries"]);
  state.refusal = undefined;
  published.refresh();
  expect([...told]).toEqual(["hello@1"]);
  leave();
  expect([...told]).toEqual([]);
});
