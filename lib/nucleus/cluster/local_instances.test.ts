import { expect, test } from "bun:test";
import type { Holder } from "../../service/mod.ts";
import { Bell } from "./bell.ts";
import { localInstances, LocalLook } from "./local_instances.ts";
import { Presences } from "./presences.ts";

const who = { name: "one", id: "a".repeat(32), region: "r", zone: "z" };
const holder = (service: string, instance: string) => ({ service, instance, socket: `/run/${instance}` }) as Holder;
const node = { conditions: () => new Map() };

test("many who ask at once share one look, and nobody sees what was before the last change", () => {
  const bell = new Bell();
  let looks = 0;
  const look = new LocalLook(node, bell, () => {
    looks++;
    return [holder("nucleus", "nucleus"), holder("hello", `hello@${looks}`)];
  });
  for (let asked = 0; asked < 100; asked++) look.recent();
  expect(looks).toBe(1);
  expect(look.recent().holders.map(({ instance }) => instance)).toEqual(["hello@1"]);
  bell.ring();
  expect(look.recent().holders.map(({ instance }) => instance)).toEqual(["hello@2"]);
  expect(look.now().holders.map(({ instance }) => instance)).toEqual(["hello@3"]);
});

test("an instance is said to listen where it does: at the address of the settings, not always at 127.0.0.1", () => {
  const presences = new Presences(() => {});
  presences.add({
    service: "hello",
    instance: "hello@1",
    species: "0".repeat(16),
    release: null,
    quicPort: 7,
    tlsPort: 8,
    isRestricted: false,
  });
  const facts = { holders: [holder("hello", "hello@1"), holder("other", "other")], conditions: new Map() };
  const endpointsAt = (instanceHost: string) =>
    localInstances(who, facts, { presences, instanceHost }, "hello").flatMap(({ endpoints }) => endpoints);
  expect(endpointsAt("10.0.0.5")).toEqual(["uds:/run/hello@1", "quic:10.0.0.5:7", "tls:10.0.0.5:8"]);
  expect(endpointsAt("::1")).toEqual(["uds:/run/hello@1", "quic:[::1]:7", "tls:[::1]:8"]);
  expect(localInstances(who, facts, undefined).map(({ endpoints }) => endpoints)).toEqual([
    ["uds:/run/hello@1"],
    ["uds:/run/other"],
  ]);
});
