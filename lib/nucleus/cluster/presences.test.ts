import { expect, test } from "bun:test";
import type { Advertisement } from "../client/mod.ts";
import { Presences, PRESENCES_MAX } from "./presences.ts";

const ad = (instance: string, quicPort = 1): Advertisement => ({
  service: "hello",
  instance,
  species: "0".repeat(16),
  release: null,
  quicPort,
  tlsPort: 0,
  isRestricted: false,
});

test("an instance is there from being added until it is taken back", () => {
  const heard: [string, number | undefined][] = [];
  const presences = new Presences((instance, advertisement) => heard.push([instance, advertisement?.quicPort]));
  const leave = presences.add(ad("hello@1", 7));
  expect(presences.of("hello@1")?.quicPort).toBe(7);
  leave();
  leave();
  expect(presences.all()).toEqual([]);
  expect(heard).toEqual([["hello@1", 7], ["hello@1", undefined]]);
});

test("what ends late does not take its successor away", () => {
  const presences = new Presences(() => {});
  const leave = presences.add(ad("hello@1", 7));
  presences.add(ad("hello@1", 8));
  leave();
  expect(presences.of("hello@1")?.quicPort).toBe(8);
});

test("there is room for so many, and those that are there can say something new", () => {
  const presences = new Presences(() => {});
  for (let number = 1; number <= PRESENCES_MAX; number++) presences.add(ad(`hello@${number}`));
  expect(() => presences.add(ad("one-more"))).toThrow(`at most ${PRESENCES_MAX}`);
  presences.add(ad("hello@1", 9));
  expect(presences.of("hello@1")?.quicPort).toBe(9);
});

test("an instance that others cannot be told of is not there either, and what was there stays", () => {
  const presences = new Presences((_, advertisement) => {
    if (advertisement !== undefined && advertisement.quicPort > 65_535) throw new Error("no such port");
  });
  expect(() => presences.add(ad("hello@1", 70_000))).toThrow("no such port");
  expect(presences.all()).toEqual([]);
  presences.add(ad("hello@1", 7));
  expect(() => presences.add(ad("hello@1", 70_000))).toThrow("no such port");
  expect(presences.of("hello@1")?.quicPort).toBe(7);
});
