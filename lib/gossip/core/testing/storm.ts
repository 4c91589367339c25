import { assert, MINUTE, SECOND } from "../../../base/mod.ts";
import { Chance, longTailedLatency } from "../../../sim/mod.ts";
import type { Membership, MembershipOptions } from "../mod.ts";
import { SimulatedCluster, type SimulatedNode } from "./simulated_cluster.ts";

/** From the end of the storm until all agree: a few reconnects, a push/pull, and the longest suspicion. */
const CALM_MS_MAX = 3 * MINUTE;
/** How far into it things go wrong. */
const STORM_MS = 2 * MINUTE;

/**
 * A cluster in which everything goes wrong that can: nodes crash and come back with old incarnations or at new addresses,
 * stall, leave, have clocks that are wrong; the network loses, doubles, delays, cuts and parts. Then it gets calm.
 * Checks all the time what has to hold always, and at the end that all agree. Throws at the first thing that is not.
 */
export class Storm {
  readonly chance: Chance;
  readonly cluster: SimulatedCluster;
  readonly #highest = new Map<SimulatedNode, { life: Membership; incarnations: Map<string, number> }>();
  readonly #trace: string[] = [];

  constructor(seed: number, membership: Partial<MembershipOptions> = {}) {
    this.chance = new Chance(seed);
    const { chance } = this;
    this.cluster = new SimulatedCluster({
      seed: seed + 1,
      nodes: chance.whole(2, 24),
      membership,
      link: {
        latency: longTailedLatency(chance.pick([0.5, 5, 50])),
        loss: chance.pick([0, 0.05, 0.2]),
        duplication: chance.pick([0, 0.1]),
        reordering: chance.pick([0, 0.1]),
      },
      skew: () => ({ offsetMs: chance.pick([0, 1.8e12, 60_000]), drift: (chance.next() - 0.5) / 100 }),
    });
  }

  /** What happened last, for whoever reads a failure. */
  get trace(): string {
    return this.#trace.slice(-40).join("\n");
  }

  run(): void {
    const { chance, cluster } = this;
    for (const node of cluster.nodes) node.start();
    for (const node of cluster.nodes.slice(1)) node.join(() => [cluster.nodes[0]!.address]);
    while (cluster.timeline.now < STORM_MS) {
      this.#disturb();
      cluster.run(chance.whole(1, 4_000));
      this.#check();
    }
    this.#calm();
    for (const isAgreed = () => cluster.agrees(); !isAgreed();) {
      assert(cluster.timeline.now < STORM_MS + CALM_MS_MAX, `all agree in the end\n${cluster.picture()}`);
      cluster.run(1 * SECOND);
      this.#check();
    }
  }

  #disturb(): void {
    const { chance, cluster: { network, nodes } } = this;
    const node = chance.pick(nodes);
    const other = chance.pick(nodes);
    const durationMs = chance.whole(10, 30_000);
    switch (chance.whole(0, 8)) {
      case 0:
        this.#note(`${node.number} crashes`);
        return node.machine.crash();
      case 1:
      case 2:
        return this.#start(chance.pick(nodes.filter(({ machine }) => !machine.isUp)));
      case 3: {
        const kind = chance.pick(["process", "messages"] as const);
        this.#note(`${node.number} stalls for ${durationMs} ms (${kind})`);
        return node.machine.stall(durationMs, kind);
      }
      case 4:
        this.#note(`${other.number} does not hear ${node.number}`);
        return network.cut(node.address, other.address);
      case 5:
        this.#note("cuts are mended");
        for (const one of nodes) for (const two of nodes) network.mend(one.address, two.address);
        return;
      case 6: {
        const group = nodes.filter(() => chance.isOne(0.5)).map(({ address }) => address);
        this.#note(`parted: ${group.length} of ${nodes.length}`);
        return network.partition([group]);
      }
      case 7:
        this.#note("healed");
        return network.heal();
      case 8:
        if (!node.machine.isUp || chance.isOne(0.5)) return;
        this.#note(`${node.number} says something new`);
        return node.do((core, nowMs) => core.updateSelf(nowMs));
    }
  }

  /** A new life, sometimes elsewhere, sometimes with an incarnation that it had long ago. */
  #start(node: SimulatedNode | undefined): void {
    if (node === undefined) return;
    const { chance, cluster } = this;
    if (chance.isOne(0.3)) node.move();
    node.start(chance.pick([0, 3, Math.floor(cluster.timeline.now)]));
    this.#note(`${node.number} starts at ${node.address}, incarnation ${node.core.incarnation}`);
    node.join(() => {
      const others = cluster.up.filter((other) => other !== node);
      return others.length === 0 ? [] : [chance.pick(others).address, chance.pick(others).address];
    });
  }

  #calm(): void {
    const { network, nodes } = this.cluster;
    this.#note("calm");
    network.heal();
    for (const one of nodes) for (const two of nodes) network.mend(one.address, two.address);
    for (const node of nodes) if (!node.machine.isUp) this.#start(node);
  }

  #check(): void {
    const { nodes } = this.cluster;
    for (const node of this.cluster.up) {
      const life = node.core;
      let memory = this.#highest.get(node);
      if (memory?.life !== life) this.#highest.set(node, memory = { life, incarnations: new Map() });
      const members = node.core.members();
      assert(members.length <= nodes.length, "nobody knows more members than there are");
      for (const { id, incarnation } of members) {
        assert(incarnation >= (memory.incarnations.get(id) ?? 0), "no incarnation falls");
        memory.incarnations.set(id, incarnation);
      }
      assert(node.core.stats.refused.malformed === 0, "nodes understand each other");
      assert(node.core.stats.refused.record === 0, "records are those that their owners signed");
    }
  }

  #note(text: string): void {
    this.#trace.push(`${(this.cluster.timeline.now / SECOND).toFixed(3)} ${text}`);
  }
}
