import { expect, test } from "bun:test";
import { NODE_PORT_DEFAULT, portsToTry } from "./listen.ts";

test("a node listens where its settings say, and nowhere else", () => {
  expect(portsToTry(7000, 9043, NODE_PORT_DEFAULT)).toEqual([7000]);
});

test("without settings it listens where it listened last, then at the usual port, then anywhere", () => {
  expect(portsToTry(undefined, 41_234, NODE_PORT_DEFAULT)).toEqual([41_234, NODE_PORT_DEFAULT, 0]);
  expect(portsToTry(undefined, 0, NODE_PORT_DEFAULT)).toEqual([NODE_PORT_DEFAULT, 0]);
  expect(portsToTry(undefined, NODE_PORT_DEFAULT, NODE_PORT_DEFAULT)).toEqual([NODE_PORT_DEFAULT, 0]);
});

test("a node that may listen anywhere stays where it was", () => {
  expect(portsToTry(0, 41_234, NODE_PORT_DEFAULT)).toEqual([41_234, 0]);
  expect(portsToTry(0, 0, NODE_PORT_DEFAULT)).toEqual([0]);
});
