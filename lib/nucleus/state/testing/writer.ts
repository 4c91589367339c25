/**
 * A process that changes a state without a pause: `bun writer.ts PATH`. Every round moves all services together from one
 * consistent picture to the next, and then says on its standard output which round is durable.
 */
import { StateStore } from "../mod.ts";

const [path = ""] = process.argv.slice(2);
const store = StateStore.open(path);
const settings = { minReplicas: 0, maxReplicas: undefined, idleMs: 1, cpuTarget: undefined };
const NAMES = ["a", "b", "c"];

const first = store.service("a")?.replicas ?? 0;
for (let round = first + 1; round < 1_000_000; round++) {
  const env = { ROUND: String(round), FILLER: "x".repeat(round * 997 % 20_000) };
  const release = { package: "a".repeat(64), species: "1".repeat(16), env };
  store.atomically(() => {
    for (const name of NAMES) {
      if (store.service(name) === undefined) store.create({ ...settings, name, replicas: 0 }, release);
      store.configure(name, { replicas: round });
      store.promote(name, store.addCandidate(name, { ...release, parallel: false, observeMs: round }));
    }
  });
  process.stdout.write(`${round}\n`);
}
