import { expect, test } from "bun:test";
import fc from "fast-check";
import { SECOND } from "../../base/mod.ts";
import { Chance, forEachSeed } from "../../sim/mod.ts";
import { checkProperty } from "./testing/check_property.ts";
import { Cluster, type Step } from "./testing/cluster.ts";

const FILE = "lib/gossip/catalog/convergence";
const SOAKS = process.env["CELL_SOAK"] !== undefined;
const TIMEOUT_MS = SOAKS ? 3_600 * SECOND : 60 * SECOND;

const nat = fc.nat(1_000);
const named = <Name extends string>(...names: Name[]) => fc.constantFrom(...names);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: named("put"), node: nat, instance: nat, port: fc.nat(3), load: fc.nat(255) }),
  },
  { weight: 3, arbitrary: fc.record({ does: named("remove"), node: nat, instance: nat }) },
  { weight: 12, arbitrary: fc.record({ does: named("deliver", "lose", "duplicate"), packet: nat }) },
  { weight: 3, arbitrary: fc.record({ does: named("pushPull"), node: nat, other: nat }) },
  { weight: 1, arbitrary: fc.record({ does: named("split"), mask: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ does: named("heal") }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: named("crash", "restart"), node: nat, clockMinutes: fc.integer({ min: -9, max: 9 }) }),
  },
  { weight: 2, arbitrary: fc.record({ does: named("notice"), node: nat, other: nat }) },
  { weight: 2, arbitrary: fc.record({ does: named("pass"), minutes: fc.nat(90) }) },
);

test("whatever was lost, doubled, reordered, parted or restarted, all live nodes see what runs", () => {
  let runs = 0;
  checkProperty(
    { file: FILE, test: "whatever was lost", count: SOAKS ? 100_000 : 400 },
    fc.property(fc.integer({ min: 2, max: 4 }), fc.array(step, { maxLength: 60, size: "max" }), (nodes, steps) => {
      runs++;
      const cluster = new Cluster(nodes);
      for (const step of steps) cluster.take(step);
      cluster.settle();
    }),
  );
  expect(runs).toBeGreaterThan(0);
}, TIMEOUT_MS);

test("long histories of many nodes end in agreement as well", () => {
  let runs = 0;
  const options = { file: FILE, test: "long histories", count: SOAKS ? 20_000 : 40 };
  forEachSeed(options, (seed) => {
    runs++;
    const chance = new Chance(seed);
    const cluster = new Cluster(chance.whole(5, 12));
    for (let count = chance.whole(200, 800); count > 0; count--) cluster.take(randomStep(chance));
    cluster.settle();
  });
  expect(runs).toBeGreaterThan(0);
}, TIMEOUT_MS);

function randomStep(chance: Chance): Step {
  const nat = () => chance.whole(0, 1_000);
  const node = nat();
  if (chance.isOne(0.6)) return { does: chance.pick(["deliver", "deliver", "lose", "duplicate"]), packet: nat() };
  return chance.pick<Step>([
    { does: "put", node, instance: nat(), port: chance.whole(0, 3), load: chance.whole(0, 255) },
    { does: "put", node, instance: nat(), port: 0, load: chance.whole(0, 255) },
    { does: "remove", node, instance: nat() },
    { does: "pushPull", node, other: nat() },
    { does: "pushPull", node, other: nat() },
    { does: "notice", node, other: nat() },
    { does: "notice", node, other: nat() },
    { does: "pass", minutes: chance.whole(0, 30) },
    chance.pick<Step>([{ does: "split", mask: nat() }, { does: "heal" }]),
    { does: chance.pick(["crash", "restart", "restart"]), node, clockMinutes: chance.whole(-9, 9) },
  ]);
}
