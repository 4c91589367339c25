import type { StateStore } from "../mod.ts";

/** Deploys `count` services with values of all kinds and lengths; those that are there get another release. */
export function fill(store: StateStore, count: number): void {
  for (let index = 0; index < count; index++) {
    const name = `service-${index}`;
    const species = String(index).padStart(16, "0");
    const release = { package: "a".repeat(64), species, env: { TEXT: "x\n".repeat(index * 40) } };
    if (store.service(name) !== undefined) {
      store.promote(
        name,
        store.addCandidate(name, { ...release, package: "c".repeat(64), parallel: true, observeMs: 2 }),
      );
      continue;
    }
    store.create({
      name,
      replicas: index,
      minReplicas: 0,
      maxReplicas: index % 2 === 0 ? undefined : index,
      idleMs: index * 1000 + 0.5,
      cpuTarget: index % 3 === 0 ? undefined : 0.6,
    }, release);
    store.setRestarts(name, 1, index + 1);
  }
}

/** Everything that a store says. */
export function pictureOf(store: StateStore): unknown {
  return store.services().map((service) => ({ ...service, restarts: [...store.restarts(service.name)] }));
}
